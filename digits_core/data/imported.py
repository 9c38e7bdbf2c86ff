"""Imported datasets: the pixels of each in a file of the home folder, its metadata in the database."""

from __future__ import annotations

import os
import re
import sqlite3
import time
import unicodedata
import zipfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.errors import DatasetError, StoreError
from digits_core.home import KEPT_S, Home, beside

if TYPE_CHECKING:
    from digits_core.data.readers import Reading

TITLE_LENGTH = 80
NAME_LENGTH = 40
ABANDONED_AFTER_S = 3600
"""Writing or deleting the file of a dataset takes seconds: what is older was left by a process that was killed."""
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that no file can have on Windows, whatever its extension."""
_TO_PURGE = """
    SELECT name FROM datasets WHERE deleted < ? AND name NOT IN (
        SELECT used.value FROM runs, json_each(runs.config, '$.data.train') AS used
        UNION SELECT used.value FROM runs, json_each(runs.config, '$.data.test') AS used
    )
"""


@dataclass(frozen=True)
class ImportedDataset:
    """An imported dataset.

    `name` is permanent: configs of runs and addresses of pages contain it. `title` can be changed.
    """

    name: str
    title: str
    file: str
    format: str
    original_range: str
    images: int
    height: int
    width: int
    created: float


class Imports:
    """Keep, list, rename, delete and restore the imported datasets of one home folder.

    `reserved` are the names of other datasets.
    """

    def __init__(self, home: Home, database: Database, reserved: Collection[str] = ()) -> None:
        self._home = home
        self._database = database
        self._reserved = frozenset(reserved)

    def keep(self, reading: Reading, title: str, file: str, leave_out: bool = False) -> ImportedDataset:
        """Store what was read from `file` as a dataset.

        Raises `DatasetError`, and stores nothing, if the title is empty, too long or taken, or if entries are wrong and
        `leave_out` is false.
        """
        title = _tidy_title(title)
        with self._database.read() as db:
            self._refuse_taken(db, title)  # fails before anything large is written; checked again below
        if reading.problem_count and not leave_out:
            first = reading.problems[0]
            raise DatasetError(
                f"Wrong entries in {file}: {reading.problem_count:,}. The first is {first.entry}: {first.reason}. "
                "Fix the file, or leave these entries out."
            )
        digits = reading.digits(title)
        part = beside(self._home.dataset("import"))
        try:
            _write(digits, part)
            return self._claim(part, digits, reading, title, file[:200])
        except OSError as error:
            raise StoreError(
                f"The dataset could not be kept: {error.strerror or error}. Nothing was changed."
            ) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _claim(self, part: Path, digits: Digits, reading: Reading, title: str, file: str) -> ImportedDataset:
        """Move the file `part` into place under a free name and insert its row, in one transaction.

        The file is in place before the row is: a process that is killed in between leaves a file without a row, which
        is not listed, and which the next dataset of that name replaces.
        """
        name = None
        height, width = digits.shape
        try:
            with self._database.write() as db:
                self._refuse_taken(db, title)
                name = self._free_name(db, title)
                kept = ImportedDataset(
                    name, title, file, reading.format, reading.original_range, len(digits), height, width, time.time()
                )
                columns = tuple(vars(kept))
                db.execute(
                    f"INSERT INTO datasets ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                    tuple(vars(kept).values()),
                )
                part.replace(self._home.dataset(name))
        except BaseException:
            if name is not None:
                self._discard(name)
            raise
        return kept

    def _discard(self, name: str) -> None:
        """Remove the file of a dataset that has no row; one that got its row in the meantime keeps its file."""
        with suppress(OSError, StoreError), self._database.write() as db:
            if db.execute("SELECT 1 FROM datasets WHERE name = ?", (name,)).fetchone() is None:
                self._home.dataset(name).unlink(missing_ok=True)

    def all(self) -> list[ImportedDataset]:
        """Return the datasets that are not deleted, in the order in which they were imported."""
        return self._those("deleted IS NULL ORDER BY created, name")

    def deleted(self) -> list[ImportedDataset]:
        """Return the datasets that `restore` can bring back, the last deleted first."""
        deleted = self._those("deleted IS NOT NULL ORDER BY deleted DESC, name")
        return [each for each in deleted if self._home.dataset(each.name).exists()]

    def load(self, name: str) -> Digits:
        """Return the digits; raises `DatasetError` if the dataset was deleted or its file is gone or damaged."""
        if name not in {each.name for each in self.all()}:
            raise DatasetError(f"There is no dataset {name!r}.")
        return _read(name, self._home.dataset(name))

    def load_for_run(self, name: str) -> Digits:
        """Return the digits that a run was trained on, even if the dataset was deleted since.

        Raises `DatasetError` if its file is gone or damaged. A name is never reused for other digits.
        """
        if problem := self.problem(name):
            raise DatasetError(problem)
        return _read(name, self._home.dataset(name))

    def problem(self, name: str) -> str:
        """Return why the digits of a dataset, deleted or not, are not available; empty if they are."""
        row = next(iter(self._those("name = ?", name)), None)
        if row is None:
            return f"There is no dataset {name!r}."
        if not self._home.dataset(name).exists():
            return (
                f"The file of the dataset {row.title!r} is not on disk any more: it was deleted and removed. Import "
                f"{row.file} again, and train again on that."
            )
        return ""

    def rename(self, name: str, title: str) -> None:
        """Change the title of a dataset; its name stays, so that runs still find it."""
        title = _tidy_title(title)
        with self._database.write() as db:
            if db.execute("SELECT 1 FROM datasets WHERE name = ? AND deleted IS NULL", (name,)).fetchone() is None:
                raise DatasetError(f"There is no dataset {name!r} any more.")
            self._refuse_taken(db, title, but=name)
            db.execute("UPDATE datasets SET title = ? WHERE name = ?", (title, name))

    def delete(self, name: str) -> None:
        """Delete a dataset; `restore` brings it back, until `purge` removes its file."""
        with self._database.write() as db:
            if not db.execute("UPDATE datasets SET deleted = ? WHERE name = ?", (time.time(), name)).rowcount:
                raise DatasetError(f"There is no dataset {name!r}.")

    def restore(self, name: str) -> None:
        """Undo `delete`; append a number to the title if it was taken in the meantime."""
        # One transaction, so that no other process takes the title or purges the file in between.
        with self._database.write() as db:
            row = db.execute("SELECT title FROM datasets WHERE name = ?", (name,)).fetchone()
            if row is None or not self._home.dataset(name).exists():
                raise DatasetError(f"There is no dataset {name!r} any more.")
            title, number = row["title"], 2
            while title in self._taken_titles(db, but=name):
                title, number = f"{row['title']} ({number})", number + 1
            db.execute("UPDATE datasets SET title = ?, deleted = NULL WHERE name = ?", (title, name))

    def purge(self) -> None:
        """Remove the files of datasets deleted longer than `KEPT_S` ago, and what killed processes left unfinished.

        Datasets that a run was trained or tested on stay as long as the run.

        The names stay taken: runs refer to their data by them. A file that cannot be removed is left for the next call.
        """
        for name in self._expired():
            with suppress(OSError):
                self._put_aside(name).unlink(missing_ok=True)
        for left in self._home.dataset("any").parent.glob(".*.npz.*"):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                    left.unlink()

    def _expired(self) -> list[str]:
        with self._database.read() as db:
            rows = db.execute(_TO_PURGE, (time.time() - KEPT_S,)).fetchall()
        return [row["name"] for row in rows if self._home.dataset(row["name"]).exists()]

    def _put_aside(self, name: str) -> Path:
        """Rename the file of a dataset that is still to be removed, so that it cannot be restored; return its new path.

        The file is renamed, which takes no time, while the database is locked for writing; deleting it, which may take
        some, is left to the caller.
        """
        aside = beside(self._home.dataset(name))
        with self._database.write() as db:
            if db.execute(f"{_TO_PURGE} AND name = ?", (time.time() - KEPT_S, name)).fetchone():
                self._home.dataset(name).replace(aside)
        return aside

    def _those(self, condition: str, *values: str) -> list[ImportedDataset]:
        with self._database.read() as db:
            rows = db.execute(f"SELECT * FROM datasets WHERE {condition}", values).fetchall()
        return [ImportedDataset(**{key: row[key] for key in row.keys() if key != "deleted"}) for row in rows]  # noqa: SIM118

    def _taken_titles(self, db: sqlite3.Connection, but: str = "") -> frozenset[str]:
        rows = db.execute("SELECT title FROM datasets WHERE deleted IS NULL AND name <> ?", (but,))
        return self._reserved | {row["title"] for row in rows}

    def _refuse_taken(self, db: sqlite3.Connection, title: str, but: str = "") -> None:
        if title in self._taken_titles(db, but):
            raise DatasetError(f"There is a dataset {title!r} already. Choose another name.")

    def _free_name(self, db: sqlite3.Connection, title: str) -> str:
        """Return the title in letters, digits and hyphens, with a number appended if it is taken."""
        taken = {row["name"] for row in db.execute("SELECT name FROM datasets")} | self._reserved | DEVICES
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:NAME_LENGTH] or "dataset"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        return name


def _tidy_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > TITLE_LENGTH:
        raise DatasetError(f"A dataset needs a name of 1 to {TITLE_LENGTH} characters.")
    return title


def _write(digits: Digits, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(
            file,
            images=digits.images,
            labels=digits.labels,
            test=digits.test,
            writers=np.array(digits.writers, dtype=np.str_),
        )
        file.flush()
        os.fsync(file.fileno())


def _read(name: str, path: Path) -> Digits:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
            return Digits(
                name, parts["images"], parts["labels"], parts["test"], tuple(str(each) for each in parts["writers"])
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, DatasetError) as error:
        raise DatasetError(f"The file of the dataset {name} is missing or damaged. Import it again.") from error
