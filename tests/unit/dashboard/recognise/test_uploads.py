"""Uploaded pictures stay until a person takes them out, within what one session may keep."""

from dataclasses import dataclass

import pytest

from digits_core.dashboard.packed import UPLOADS_BYTES
from digits_core.dashboard.recognise.uploads import KEPT, Uploads


@dataclass(frozen=True)
class File:
    """What Streamlit's uploader returns of a file."""

    file_id: str
    size: int = 1

    @property
    def name(self) -> str:
        return f"{self.file_id}.png"

    def getvalue(self) -> bytes:
        return bytes(self.size)


def files(names: str) -> list[File]:
    return [File(name) for name in names]


def names(uploads: Uploads) -> str:
    return "".join(each.file for each in uploads.pictures)


@pytest.fixture
def two() -> Uploads:
    return Uploads().seen(files("ab"), stayed=False)


def test_a_picture_that_was_taken_out_of_the_uploader_goes(two):
    assert names(two.seen(files("b"), stayed=True)) == "b"


def test_pictures_stay_when_the_uploader_is_a_new_one(two):
    back = two.seen([], stayed=False)

    assert names(back) == "ab"
    assert names(back.seen(files("c"), stayed=True)) == "abc"
    assert names(back.seen(files("c"), stayed=True).seen([], stayed=True)) == "ab"


def test_only_what_the_uploader_does_not_list_is_removed_by_its_own_button(two):
    mixed = two.seen([], stayed=False).seen(files("c"), stayed=True)

    assert [each.file for each in mixed.forgotten] == ["a", "b"]
    assert names(mixed.without(each.file for each in mixed.forgotten)) == "c"


def test_the_oldest_are_dropped_and_counted_where_there_are_too_many():
    many = [File(str(number)) for number in range(KEPT + 5)]
    listed = Uploads().seen(many, stayed=False)
    assert len(listed.pictures) == KEPT + 5  # the uploader holds them anyway

    kept = listed.seen([], stayed=False)
    assert [each.file for each in kept.pictures] == [str(number) for number in range(5, KEPT + 5)]
    assert kept.dropped == 5


def test_the_oldest_are_dropped_where_they_are_too_large_but_never_the_last_picture():
    large = [File("a", UPLOADS_BYTES // 2 + 1), File("b", UPLOADS_BYTES // 2 + 1), File("c", UPLOADS_BYTES + 1)]

    assert names(Uploads().seen(large[:2], stayed=False).seen([], stayed=False)) == "b"
    assert names(Uploads().seen(large, stayed=False).seen([], stayed=False)) == "c"


def test_the_last_batch_is_shown_first_in_its_own_order(two):
    uploads = two.seen(files("abxy"), stayed=True).seen(files("abxyz"), stayed=True)
    assert "".join(each.file for each in uploads.newest_first) == "zxyab"
