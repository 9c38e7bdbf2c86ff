"""Files in a folder: all of them whole, or none, and nobody's own are written over."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from digits_core.errors import ExportError
from digits_core.runs.export.files import as_zip, write

FILES = {"a.txt": b"one", "folder/b.bin": bytes(range(256))}


def content_of(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_into_a_folder_that_is_made_for_them(tmp_path):
    write(FILES, tmp_path / "new" / "deep")

    assert content_of(tmp_path / "new" / "deep") == FILES


def test_a_file_that_is_there_is_not_written_over_and_nothing_else_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.bin").write_bytes(b"mine")

    with pytest.raises(ExportError, match=r"b\.bin is there already"):
        write(FILES, tmp_path)

    assert content_of(tmp_path) == {"folder/b.bin": b"mine"}


def test_it_may_be_replaced_when_that_is_said_and_others_stay(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    (tmp_path / "other.txt").write_bytes(b"mine")

    write(FILES, tmp_path, replace=True)

    assert content_of(tmp_path) == {**FILES, "other.txt": b"mine"}


def test_a_full_disk_leaves_nothing_half_written(small_disk):
    files = {"first.bin": b"x", "second.bin": os.urandom(40_000_000)}

    with pytest.raises(ExportError, match="cannot be written"):
        write(files, small_disk / "export")

    assert content_of(small_disk) == {}


def test_where_one_cannot_be_replaced_all_are_as_they_were(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    (tmp_path / "folder" / "b.bin").mkdir(parents=True)
    (tmp_path / "folder" / "b.bin" / "mine").write_bytes(b"mine")

    with pytest.raises(ExportError, match="cannot be written"):
        write({"new/c.txt": b"new", **FILES}, tmp_path, replace=True)

    assert content_of(tmp_path) == {"a.txt": b"old", "folder/b.bin/mine": b"mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "folder"]


def test_a_full_disk_leaves_the_files_that_were_to_be_replaced(small_disk):
    old = {"first.bin": b"old", "second.bin": b"old, too"}
    write(old, small_disk / "export")

    with pytest.raises(ExportError, match="cannot be written"):
        write({"first.bin": b"x", "second.bin": os.urandom(40_000_000)}, small_disk / "export", replace=True)

    assert content_of(small_disk) == {f"export/{name}": content for name, content in old.items()}


def test_a_file_that_somebody_puts_there_meanwhile_is_not_written_over(tmp_path, monkeypatch):
    made = Path.mkdir

    def meanwhile(self, *arguments, **options):
        made(self, *arguments, **options)
        if self == tmp_path / "folder":
            (self / "b.bin").write_bytes(b"theirs")

    monkeypatch.setattr(Path, "mkdir", meanwhile)
    with pytest.raises(ExportError, match=r"b\.bin is there already"):
        write(FILES, tmp_path)

    assert content_of(tmp_path) == {"folder/b.bin": b"theirs"}


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ExportError, match="Choose another folder"):
        write(FILES, tmp_path / "file")


def test_an_archive_holds_the_same_files_and_is_the_same_each_time():
    with zipfile.ZipFile(io.BytesIO(as_zip(FILES))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
    assert as_zip(FILES) == as_zip(FILES)
