"""Imported datasets: kept whole or not at all, renamed without losing their runs, deleted and brought back."""

from dataclasses import replace

import numpy as np
import pytest

from digits_core.data import imported
from digits_core.data.imported import Imports
from digits_core.data.readers import Problem, Reading
from digits_core.errors import DatasetError, StoreError
from digits_core.home import KEPT_S, Home


def reading(count: int = 40, **changes) -> Reading:
    """Images that all differ, four of each digit."""
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8), dtype=np.uint8)
    whole = Reading(
        "Pickle of (image, label) tuples",
        images,
        np.arange(count) % 10,
        None,
        (),
        ("40 images",),
        (),
        "0 to 16 (float32)",
        (),
        0,
    )
    return replace(whole, **changes)


@pytest.fixture
def imports(home, database) -> Imports:
    return Imports(Home(home), database, reserved=("optdigits",))


def files(home) -> list[str]:
    return sorted(path.name for path in (home / "datasets").glob("*")) if (home / "datasets").exists() else []


def test_what_was_read_is_what_is_loaded(imports):
    read = reading(writers=tuple(f"writer {number % 3}" for number in range(40)), test=np.arange(40) % 4 == 0)

    kept = imports.keep(read, "My pickle", "digits.pkl")

    digits = imports.load(kept.name)
    assert kept.name == "my-pickle"
    assert digits.name == "my-pickle"
    np.testing.assert_array_equal(digits.images, read.images)
    np.testing.assert_array_equal(digits.labels, read.labels)
    np.testing.assert_array_equal(digits.test, read.test)
    assert digits.writers == read.writers


def test_a_file_without_lists_gets_the_split_that_every_dataset_gets(imports):
    kept = imports.keep(reading(400), "Two", "digits.pkl")

    assert imports.load(kept.name).test.mean() == pytest.approx(0.2, abs=0.01)


def test_it_is_listed_with_what_is_known_about_it(imports):
    kept = imports.keep(reading(), "  My   pickle ", "digits.pkl")

    assert imports.all() == [kept]
    assert (kept.title, kept.file, kept.images, kept.height, kept.width) == ("My pickle", "digits.pkl", 40, 8, 8)
    assert kept.original_range == "0 to 16 (float32)"


@pytest.mark.parametrize("title", ["", "   ", "x" * 81, "optdigits"])
def test_a_title_that_is_none_is_refused_and_nothing_is_kept(imports, home, title):
    with pytest.raises(DatasetError, match="name"):
        imports.keep(reading(), title, "digits.pkl")
    assert imports.all() == []
    assert files(home) == []


def test_a_title_is_given_once(imports):
    imports.keep(reading(), "Mine", "a.pkl")

    with pytest.raises(DatasetError, match="There is a dataset 'Mine' already"):
        imports.keep(reading(), "Mine", "b.pkl")
    assert len(imports.all()) == 1


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ünïcode Ziffern!", "unicode-ziffern"),
        ("数字", "dataset"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("Con", "con-2"),
    ],
)
def test_names_are_safe_in_paths_and_addresses(imports, home, title, name):
    assert imports.keep(reading(), title, "digits.pkl").name == name
    assert files(home) == [f"{name}.npz"]


def test_two_titles_that_give_one_name_are_told_apart(imports):
    assert imports.keep(reading(), "My set", "a").name == "my-set"
    assert imports.keep(reading(), "my-set", "a").name == "my-set-2"


def test_wrong_entries_stop_the_import_until_they_are_left_out(imports, home):
    wrong = reading(problems=(Problem("train entry 17", "the label is 'x'"),), problem_count=1)

    with pytest.raises(DatasetError, match=r"in d\.pkl: 1\. The first is train entry 17: the label is 'x'"):
        imports.keep(wrong, "Mine", "d.pkl")
    assert files(home) == []

    assert imports.keep(wrong, "Mine", "d.pkl", leave_out=True).images == 40


def test_renaming_changes_the_title_and_never_the_name(imports):
    imports.keep(reading(), "Mine", "a")

    imports.rename("mine", "Yours")

    assert [(each.name, each.title) for each in imports.all()] == [("mine", "Yours")]
    assert len(imports.load("mine")) == 40


def test_deleting_hides_it_and_restoring_brings_it_back(imports):
    imports.keep(reading(), "Mine", "a")

    imports.delete("mine")
    assert imports.all() == []
    with pytest.raises(DatasetError, match="no dataset 'mine'"):
        imports.load("mine")

    imports.restore("mine")
    assert len(imports.load("mine")) == 40


def test_what_was_deleted_is_listed_the_last_one_first(imports):
    first, second, third = (imports.keep(reading(), title, "digits.pkl") for title in ("one", "two", "three"))
    imports.delete(second.name)
    imports.delete(first.name)

    assert [each.name for each in imports.deleted()] == [first.name, second.name]
    assert [each.name for each in imports.all()] == [third.name]


def test_what_was_deleted_long_ago_leaves_the_disk_but_not_its_name(imports, home, monkeypatch):
    for title in ("one", "two", "three"):
        imports.keep(reading(), title, "digits.pkl")
    imports.delete("one")
    now = imported.time.time()
    monkeypatch.setattr(imported.time, "time", lambda: now + KEPT_S + 60)
    imports.delete("two")
    imports.purge()

    assert files(home) == ["three.npz", "two.npz"]
    assert [each.name for each in imports.deleted()] == ["two"]
    with pytest.raises(DatasetError, match="no dataset 'one' any more"):
        imports.restore("one")
    assert imports.keep(reading(), "one", "digits.pkl").name == "one-2"


def test_a_deleted_dataset_is_not_renamed(imports):
    imports.keep(reading(), "Mine", "a")
    imports.delete("mine")
    with pytest.raises(DatasetError, match="no dataset 'mine' any more"):
        imports.rename("mine", "Yours")
    imports.restore("mine")

    assert [each.title for each in imports.all()] == ["Mine"]


def test_a_new_dataset_never_takes_the_place_of_a_deleted_one(imports):
    imports.keep(reading(), "Mine", "a")
    imports.delete("mine")
    second = imports.keep(reading(20), "Mine", "b")

    imports.restore("mine")

    assert second.name == "mine-2"
    assert {each.name: (each.title, each.images) for each in imports.all()} == {
        "mine": ("Mine (2)", 40),
        "mine-2": ("Mine", 20),
    }


@pytest.mark.parametrize("call", ["rename", "delete", "restore", "load"])
def test_a_dataset_that_never_was_is_refused(imports, call):
    arguments = ("ghost", "Title") if call == "rename" else ("ghost",)
    with pytest.raises(DatasetError, match="no dataset 'ghost'"):
        getattr(imports, call)(*arguments)


@pytest.mark.parametrize("damage", [lambda raw: b"", lambda raw: raw[: len(raw) // 2], lambda raw: b"PK" + raw[2:-4]])
def test_a_damaged_file_is_one_clear_error(imports, home, damage):
    imports.keep(reading(), "Mine", "a")
    path = home / "datasets" / "mine.npz"
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(DatasetError, match="mine is missing or damaged"):
        imports.load("mine")


def test_a_full_disk_keeps_nothing_and_says_so(database, small_disk):
    imports = Imports(Home(small_disk), database)
    large = np.zeros((60_000, 28, 28), np.uint8)

    with pytest.raises(StoreError, match="No space left"):
        imports.keep(reading(images=large, labels=np.zeros(60_000, np.int64), test=np.zeros(60_000, bool)), "Big", "b")
    assert imports.all() == []
    assert files(small_disk) == []
