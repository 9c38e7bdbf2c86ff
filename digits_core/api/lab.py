"""The home folder that `DIGITS_HOME` names, opened once: its database, runs and datasets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.run_data import RunData
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore

_OPEN: dict[Path, Lab] = {}


@dataclass(frozen=True)
class Lab:
    """A home folder with its database; safe to share between threads."""

    home: Home
    database: Database

    @cached_property
    def store(self) -> RunStore:
        return RunStore(self.database)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.home, self.database)

    @cached_property
    def run_data(self) -> RunData:
        return RunData(self.database, self.catalogue, self.store)

    def artifacts(self, run_id: str) -> Artifacts:
        return Artifacts(self.home.run(run_id))


def open_lab() -> Lab:
    """Return the home folder that the environment names, made if it is not there; `StoreError` if it cannot be used."""
    home = Home.from_environment().create()
    known = _OPEN.get(home.folder)
    if known is not None and home.database.exists():
        return known
    if known is not None:  # the folder was removed, and is begun afresh
        known.database.close()
    _OPEN[home.folder] = Lab(home, open_database(home))
    return _OPEN[home.folder]
