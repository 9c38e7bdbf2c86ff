"""Transforms are kept under a name of one's own, and what is deleted comes back."""

import pytest

from digits_core.config import TransformConfig
from digits_core.errors import StoreError
from digits_core.saved_configs import NAME_LENGTH, SavedConfigs, saved_transforms

MILD = TransformConfig(rotation=5)


@pytest.fixture
def saved(database) -> SavedConfigs[TransformConfig]:
    return saved_transforms(database)


def names(saved: SavedConfigs[TransformConfig]) -> list[str]:
    return [each.name for each in saved.all()]


def test_what_is_saved_is_in_the_list_by_name(saved):
    saved.save("wild", TransformConfig(rotation=90, normalisation="dataset"))
    saved.save("  mild   one ", MILD)

    assert names(saved) == ["mild one", "wild"]
    assert saved.all()[0].config == MILD


@pytest.mark.parametrize("taken", ["mild", "MILD"])
def test_a_name_is_given_once(saved, taken):
    saved.save("mild", MILD)
    with pytest.raises(StoreError, match="already"):
        saved.save(taken, MILD)


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_a_name_is_needed(saved, empty):
    with pytest.raises(StoreError, match="a name"):
        saved.save(empty, MILD)


def test_a_name_that_is_too_long_is_refused_and_never_cut(saved):
    number = saved.save("x" * NAME_LENGTH, MILD)
    with pytest.raises(StoreError, match="61 characters, but 60"):
        saved.save("y" * (NAME_LENGTH + 1), MILD)
    with pytest.raises(StoreError, match="500 characters"):
        saved.rename(number, "z" * 500)

    assert names(saved) == ["x" * NAME_LENGTH]


def test_renaming_keeps_the_config(saved):
    number = saved.save("mild", MILD)
    saved.rename(number, "gentle")

    assert [(each.id, each.name, each.config) for each in saved.all()] == [(number, "gentle", MILD)]


def test_its_own_name_in_other_letters_is_no_clash(saved):
    number = saved.save("mild", MILD)
    saved.rename(number, "Mild")

    assert names(saved) == ["Mild"]


def test_renaming_to_a_name_that_is_taken_changes_nothing(saved):
    saved.save("mild", MILD)
    number = saved.save("wild", MILD)
    with pytest.raises(StoreError, match="already"):
        saved.rename(number, "mild")

    assert names(saved) == ["mild", "wild"]


def test_what_was_deleted_comes_back(saved):
    number = saved.save("mild", MILD)
    saved.delete(number)
    assert names(saved) == []

    saved.restore(number)
    assert names(saved) == ["mild"]


def test_it_does_not_come_back_under_a_name_that_is_taken_again(saved):
    number = saved.save("mild", MILD)
    saved.delete(number)
    saved.save("mild", TransformConfig())
    with pytest.raises(StoreError, match="already"):
        saved.restore(number)

    assert names(saved) == ["mild"]


@pytest.mark.parametrize("change", ["rename", "delete", "restore"])
def test_what_is_not_there_is_said(saved, change):
    arguments = (9, "new") if change == "rename" else (9,)
    with pytest.raises(StoreError, match="no saved transform 9"):
        getattr(saved, change)(*arguments)
