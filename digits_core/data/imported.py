"""Datasets that were imported: their pixels in a file of the home folder, what is known about them in the database."""

from __future__ import annotations

import os
import re
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
from digits_core.home import KEPT_S, Home

if TYPE_CHECKING:
    from digits_core.data.readers import Reading

TITLE_LENGTH = 80
NAME_LENGTH = 40
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""On Windows no file can be called that, whatever its ending."""
_TO_PURGE = """
    SELECT name FROM datasets WHERE deleted < ? AND name NOT IN (
        SELECT used.value FROM runs, json_each(runs.config, '$.data.train') AS used
        UNION SELECT used.value FROM runs, json_each(runs.config, '$.data.test') AS used
    )
"""


@dataclass(frozen=True)
class ImportedDataset:
    """`name` is for good: configs of runs and addresses of pages hold it. `title` is what people may change."""

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

    `reserved` are the names that mean other datasets.
    """

    def __init__(self, home: Home, database: Database, reserved: Collection[str] = ()) -> None:
        self._home = home
        self._database = database
        self._reserved = frozenset(reserved)

    def keep(self, reading: Reading, title: str, file: str, leave_out: bool = False) -> ImportedDataset:
        """Make a dataset of what was read from `file`.

        Raises `DatasetError`, and keeps nothing, where the title is empty or taken, or where entries are wrong and
        `leave_out` does not say to go on without them.
        """
        title = self._checked_title(title)
        if reading.problem_count and not leave_out:
            first = reading.problems[0]
            raise DatasetError(
                f"Wrong entries in {file}: {reading.problem_count:,}. The first is {first.entry}: {first.reason}. "
                "Mend the file, or say that they are to be left out."
            )
        name = self._free_name(title)
        digits = reading.digits(name)
        _write(digits, self._home.dataset(name))
        height, width = digits.shape
        kept = ImportedDataset(
            name, title, file[:200], reading.format, reading.original_range, len(digits), height, width, time.time()
        )
        columns = tuple(vars(kept))
        with self._database.write() as db:
            db.execute(
                f"INSERT INTO datasets ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                tuple(vars(kept).values()),
            )
        return kept

    def all(self) -> list[ImportedDataset]:
        """Those that are not deleted, in the order in which they were imported."""
        return self._those("deleted IS NULL ORDER BY created, name")

    def deleted(self) -> list[ImportedDataset]:
        """Those that `restore` brings back, the last deleted first."""
        deleted = self._those("deleted IS NOT NULL ORDER BY deleted DESC, name")
        return [each for each in deleted if self._home.dataset(each.name).exists()]

    def load(self, name: str) -> Digits:
        """The digits; `DatasetError` where the dataset was deleted or its file is gone or damaged."""
        if name not in {each.name for each in self.all()}:
            raise DatasetError(f"There is no dataset {name!r}.")
        return _read(name, self._home.dataset(name))

    def load_for_run(self, name: str) -> Digits:
        """The digits that a run was trained on, also of a dataset that was deleted since.

        `DatasetError` where its file is gone or damaged. A name is never given to other digits.
        """
        if problem := self.problem(name):
            raise DatasetError(problem)
        return _read(name, self._home.dataset(name))

    def problem(self, name: str) -> str:
        """Why the digits under a name cannot be had any more, also if it was deleted; empty where they can."""
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
        """Give it another title; its name stays, so that runs still find it."""
        if name not in {each.name for each in self.all()}:
            raise DatasetError(f"There is no dataset {name!r} any more.")
        self._update(name, "title", self._checked_title(title, but=name))

    def delete(self, name: str) -> None:
        """Take it out of every list; `restore` brings it back, until `purge`."""
        self._update(name, "deleted", time.time())

    def restore(self, name: str) -> None:
        """Undo `delete`; where its title was taken meanwhile, it gets a number behind it."""
        with self._database.read() as db:
            row = db.execute("SELECT title FROM datasets WHERE name = ?", (name,)).fetchone()
        if row is None or not self._home.dataset(name).exists():
            raise DatasetError(f"There is no dataset {name!r} any more.")
        title, number = row["title"], 2
        while title in {each.title for each in self.all() if each.name != name}:
            title, number = f"{row['title']} ({number})", number + 1
        self._update(name, "title", title)
        self._update(name, "deleted", None)

    def purge(self) -> None:
        """Free the disk of what was deleted longer than `KEPT_S` ago, except of datasets that a run was trained or
        tested on: they stay as long as the run.

        The names stay taken: runs know their data by them. A file that cannot be removed stays for the next time.
        """
        # One transaction over all: nobody may restore a dataset whose file is on its way out.
        with self._database.write() as db:
            for row in db.execute(_TO_PURGE, (time.time() - KEPT_S,)).fetchall():
                with suppress(OSError):
                    self._home.dataset(row["name"]).unlink(missing_ok=True)

    def _those(self, condition: str, *values: str) -> list[ImportedDataset]:
        with self._database.read() as db:
            rows = db.execute(f"SELECT * FROM datasets WHERE {condition}", values).fetchall()
        return [ImportedDataset(**{key: row[key] for key in row.keys() if key != "deleted"}) for row in rows]  # noqa: SIM118

    def _update(self, name: str, column: str, value: str | float | None) -> None:
        with self._database.write() as db:
            if not db.execute(f"UPDATE datasets SET {column} = ? WHERE name = ?", (value, name)).rowcount:
                raise DatasetError(f"There is no dataset {name!r}.")

    def _checked_title(self, title: str, but: str = "") -> str:
        title = " ".join(title.split())
        if not title or len(title) > TITLE_LENGTH:
            raise DatasetError(f"A dataset needs a name of 1 to {TITLE_LENGTH} characters.")
        if title in self._reserved | {each.title for each in self.all() if each.name != but}:
            raise DatasetError(f"There is a dataset {title!r} already. Choose another name.")
        return title

    def _free_name(self, title: str) -> str:
        """The title in letters, digits and hyphens, with a number behind it where that is taken."""
        with self._database.read() as db:
            taken = {row["name"] for row in db.execute("SELECT name FROM datasets")} | self._reserved | DEVICES
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:NAME_LENGTH] or "dataset"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        return name


def _write(digits: Digits, path: Path) -> None:
    """Written beside its place and renamed: a dataset is there whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(
                file, images=digits.images, labels=digits.labels, test=digits.test,
                writers=np.array(digits.writers, dtype=np.str_),
            )  # fmt: skip
        beside.replace(path)
    except OSError as error:
        raise StoreError(f"The dataset could not be kept: {error.strerror or error}. Nothing was changed.") from error
    finally:
        beside.unlink(missing_ok=True)


def _read(name: str, path: Path) -> Digits:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
            return Digits(
                name, parts["images"], parts["labels"], parts["test"], tuple(str(each) for each in parts["writers"])
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, DatasetError) as error:
        raise DatasetError(f"The file of the dataset {name} is missing or damaged. Import it again.") from error
