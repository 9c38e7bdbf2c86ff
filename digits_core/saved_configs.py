"""Configs that people save under a name: transforms, to train with them again, and networks.

Here, next to what the configs mean, and not next to the runs: the page that saves them and the form that trains with
them both come later in the flow.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from digits_core.config import Config, NetworkConfig, TransformConfig
from digits_core.database import Database
from digits_core.errors import ConfigError, StoreError

NAME_LENGTH = 60
C = TypeVar("C", bound=Config)


@dataclass(frozen=True)
class Saved(Generic[C]):
    """A config with the name that someone gave it; `created` in seconds since 1970."""

    id: int
    name: str
    config: C
    created: float


class SavedConfigs(Generic[C]):
    """Save, list, rename and delete the configs in one table of a database; `word` is the noun for one of them."""

    def __init__(self, database: Database, table: str, kind: type[C], word: str) -> None:
        self._database = database
        self._table = table
        self._kind = kind
        self.word = word

    def save(self, name: str, config: C) -> int:
        """Save a config and return its id; raises `StoreError` if the name is empty, too long or taken."""
        name = self._tidied(name)
        with self._database.write() as db:
            self._refuse_taken(db, name)
            row = (name, config.to_json(), time.time())
            insert = f"INSERT INTO {self._table} (name, config, created) VALUES (?, ?, ?)"
            number = db.execute(insert, row).lastrowid
        assert number is not None
        return number

    def all(self) -> list[Saved[C]]:
        """Return the configs that are not deleted, by name."""
        with self._database.read() as db:
            kept = f"SELECT id, name, config, created FROM {self._table} WHERE deleted IS NULL"
            rows = db.execute(f"{kept} ORDER BY name COLLATE NOCASE").fetchall()
        return [Saved(row["id"], row["name"], self._kind.from_json(row["config"]), row["created"]) for row in rows]

    def rename(self, number: int, name: str) -> None:
        """Rename a config that is not deleted; raises `StoreError` if the name is empty, too long or taken."""
        name = self._tidied(name)
        with self._database.write() as db:
            found = db.execute(f"SELECT 1 FROM {self._table} WHERE id = ? AND deleted IS NULL", (number,))
            if found.fetchone() is None:
                raise StoreError(f"There is no saved {self.word} {number}.")
            self._refuse_taken(db, name, but_of=number)
            self._update(db, "name = ?", name, number)

    def delete(self, number: int) -> None:
        """Mark a config as deleted; `restore` brings it back."""
        with self._database.write() as db:
            self._update(db, "deleted = ?", time.time(), number)

    def restore(self, number: int) -> None:
        """Restore a deleted config; raises `StoreError` if its name was taken in the meantime."""
        with self._database.write() as db:
            row = db.execute(f"SELECT name FROM {self._table} WHERE id = ?", (number,)).fetchone()
            self._refuse_taken(db, row["name"] if row else "", but_of=number)
            self._update(db, "deleted = ?", None, number)

    def _tidied(self, name: str) -> str:
        tidied = " ".join(name.split())
        if not tidied:
            raise StoreError(f"Give the {self.word} a name to find it by.")
        if len(tidied) > NAME_LENGTH:
            raise StoreError(f"The name has {len(tidied)} characters, but {NAME_LENGTH} are the limit.")
        return tidied

    def _refuse_taken(self, db: sqlite3.Connection, name: str, but_of: int = -1) -> None:
        same = f"SELECT 1 FROM {self._table} WHERE name = ? COLLATE NOCASE AND deleted IS NULL AND id <> ?"
        if db.execute(same, (name, but_of)).fetchone() is not None:
            raise StoreError(
                f"There is a {self.word} called {name} already. Choose another name, or delete that one first."
            )

    def _update(self, db: sqlite3.Connection, assignment: str, value: str | float | None, number: int) -> None:
        if not db.execute(f"UPDATE {self._table} SET {assignment} WHERE id = ?", (value, number)).rowcount:
            raise StoreError(f"There is no saved {self.word} {number}.")


def saved_transforms(database: Database) -> SavedConfigs[TransformConfig]:
    return SavedConfigs(database, "transforms", TransformConfig, "transform")


def saved_networks(database: Database) -> SavedConfigs[NetworkConfig]:
    return SavedConfigs(database, "networks", NetworkConfig, "network")


def network_named(text: str, saved: Iterable[Saved[NetworkConfig]]) -> NetworkConfig:
    """Return a ready-made or saved network by its name or title, or read one from a JSON file; raises `ConfigError`."""
    try:
        if text.endswith(".json"):
            found = json.loads(Path(text).read_bytes())
            return NetworkConfig(**(found if isinstance(found, dict) else {"layers": found}))
        wanted = text.strip().casefold()
        for each in saved:
            if each.name.casefold() == wanted:
                return each.config
        ready: dict[str, Any] = {"layers": text}
        return NetworkConfig(**ready)
    except (ValueError, OSError) as error:
        raise ConfigError(f"The network cannot be read: {error}") from None
