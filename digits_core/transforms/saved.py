"""Transforms that people keep under a name, to train with them again.

Here, beside what the configs mean, as handwriting is kept in `data`: the page that saves them and the form that trains
with them both come later in the flow.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from digits_core.config import TransformConfig
from digits_core.database import Database
from digits_core.errors import StoreError

NAME_LENGTH = 60


@dataclass(frozen=True)
class SavedTransform:
    """A config with the name that someone gave it; `created` in seconds since 1970."""

    id: int
    name: str
    config: TransformConfig
    created: float


class SavedTransforms:
    """Save, list, rename and delete the transforms of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, name: str, config: TransformConfig) -> int:
        """Keep a config and return its id; `StoreError` if the name is empty, too long or taken."""
        name = _tidied(name)
        with self._database.write() as db:
            _refuse_taken(db, name)
            row = (name, config.to_json(), time.time())
            number = db.execute("INSERT INTO transforms (name, config, created) VALUES (?, ?, ?)", row).lastrowid
        assert number is not None
        return number

    def all(self) -> list[SavedTransform]:
        """Those that are not deleted, by name."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id, name, config, created FROM transforms WHERE deleted IS NULL ORDER BY name COLLATE NOCASE"
            ).fetchall()
        return [
            SavedTransform(row["id"], row["name"], TransformConfig.from_json(row["config"]), row["created"])
            for row in rows
        ]

    def rename(self, number: int, name: str) -> None:
        """Rename one that is not deleted; `StoreError` if the name is empty, too long or that of another one."""
        name = _tidied(name)
        with self._database.write() as db:
            if db.execute("SELECT 1 FROM transforms WHERE id = ? AND deleted IS NULL", (number,)).fetchone() is None:
                raise StoreError(f"There is no saved transform {number}.")
            _refuse_taken(db, name, but_of=number)
            _update(db, "name = ?", name, number)

    def delete(self, number: int) -> None:
        """Take it off the list; `restore` brings it back."""
        with self._database.write() as db:
            _update(db, "deleted = ?", time.time(), number)

    def restore(self, number: int) -> None:
        """`StoreError` where another one got its name in the meantime."""
        with self._database.write() as db:
            row = db.execute("SELECT name FROM transforms WHERE id = ?", (number,)).fetchone()
            _refuse_taken(db, row["name"] if row else "", but_of=number)
            _update(db, "deleted = ?", None, number)


def _tidied(name: str) -> str:
    tidied = " ".join(name.split())
    if not tidied:
        raise StoreError("Give the transform a name to find it by.")
    if len(tidied) > NAME_LENGTH:
        raise StoreError(f"The name has {len(tidied)} characters, but {NAME_LENGTH} are the limit.")
    return tidied


def _refuse_taken(db: sqlite3.Connection, name: str, but_of: int = -1) -> None:
    taken = db.execute(
        "SELECT count(*) FROM transforms WHERE name = ? COLLATE NOCASE AND deleted IS NULL AND id <> ?", (name, but_of)
    )
    if taken.fetchone()[0]:
        raise StoreError(f"There is a transform called {name} already. Choose another name, or delete that one first.")


def _update(db: sqlite3.Connection, assignment: str, value: str | float | None, number: int) -> None:
    if not db.execute(f"UPDATE transforms SET {assignment} WHERE id = ?", (value, number)).rowcount:
        raise StoreError(f"There is no saved transform {number}.")
