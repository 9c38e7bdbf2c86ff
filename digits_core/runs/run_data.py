"""The digits that a run was trained and tested on, even if the datasets have changed since.

A run owns its data: handwriting as recorded when the run was created, imports even if they were deleted. Runs from
before that was recorded only have the fingerprints of their datasets: handwriting that matches one is recorded later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from digits_core.data import handwriting_versions as versions
from digits_core.data.catalogue import Catalogue
from digits_core.data.digits import Digits
from digits_core.database import Database
from digits_core.errors import DatasetError
from digits_core.runs.rows import Run
from digits_core.runs.store import RunStore

Load = Callable[[str], Digits]
Read = Callable[[str, str], Digits]
"""Reads a dataset by its name and version, as `Catalogue.load_version` does."""


class RunData:
    """Finds and loads the data of the runs of one database."""

    def __init__(self, database: Database, catalogue: Catalogue, runs: RunStore) -> None:
        self._database = database
        self._catalogue = catalogue
        self._runs = runs

    def loader(self, run_id: str, read: Read | None = None) -> Load:
        """Return a function that loads the datasets of a run as they were when it was created.

        It raises `DatasetError` if they are no longer available. `read` is a cached `Catalogue.load_version`.
        """
        read = read or self._catalogue.load_version
        return lambda name: read(name, self.version(run_id, name))

    def lenient_loader(self, run_id: str, read: Read | None = None) -> Load:
        """Return a loader as `loader` does, but one that falls back to the current handwriting.

        Runs from before handwriting was recorded can be resumed and continued with it, and `changed_data` says so.
        """
        read = read or self._catalogue.load_version

        return lambda name: read(name, self.lenient_version(run_id, name))

    def lenient_version(self, run_id: str, name: str) -> str:
        """Return the version of a dataset that `lenient_loader` loads."""
        try:
            return self.version(run_id, name)
        except DatasetError:
            return self._catalogue.version(name)

    def version(self, run_id: str, name: str) -> str:
        """Return the version of a dataset that a run uses; raises `DatasetError` if it is no longer available."""
        if name != versions.NAME:
            return self._catalogue.version(name)
        return self._runs.handwriting_version(run_id) or self.record(run_id)

    def problem(self, run: Run) -> str:
        """Return one sentence on why the digits of a run are no longer available, or "" if they are."""
        try:
            for name in (*run.config.data.train, *run.config.data.test):
                self.version(run.id, name)
                if problem := self._catalogue.problem(name):
                    return problem
        except DatasetError as error:
            return str(error)
        return ""

    def record(self, run_id: str) -> str:
        """Record the handwriting of a run that has none recorded, and return its version.

        A run that has not started will use the current handwriting. For any other, the current samples or those of its
        start must match its stored fingerprint; raises `DatasetError` if neither do.
        """
        run = self._runs.get(run_id)
        known = run.environment.get("datasets", {}).get(versions.NAME)
        with self._database.write() as db:
            if already := versions.noted(db, run_id):
                return already
            for samples in _candidates(db, run.started):
                if known is None:
                    return versions.note(db, run_id, samples)
                # Runs from before paper was kept were trained on centred digits.
                for each in (samples, versions.centred(samples)):
                    if self._fits(db, run, each, known):
                        return versions.note(db, run_id, each)
        if known is None:
            raise DatasetError("There is no handwriting yet: draw some digits on the Handwriting page first.")
        raise DatasetError(
            f"The handwriting that {run.title} was trained on cannot be had any more: it has changed since, and which "
            "samples a run used was not recorded yet. Its figures stay; train again to use the digits of today."
        )

    def _fits(self, db: sqlite3.Connection, run: Run, samples: str, fingerprint: str) -> bool:
        digits = versions.read(db, samples)
        return digits.tested_on(run.config.data.test_writers).fingerprint == fingerprint


def changed_data(run: Run) -> str:
    """Return a sentence if a run was continued with other digits than it began with, else ""."""
    before, now = (run.environment.get(name, {}) for name in ("datasets_before", "datasets"))
    changed = [name for name, fingerprint in before.items() if now.get(name, fingerprint) != fingerprint]
    if not changed:
        return ""
    return (
        f"{' and '.join(changed)} changed before this run went on: its earlier epochs were trained on other digits "
        "than its later ones."
    )


def _candidates(db: sqlite3.Connection, started: float | None) -> Iterator[str]:
    """Yield the current handwriting, then that of `started` by its times, which do not show relabelled samples."""
    if now := versions.current(db):
        yield now
    if started is not None:
        query = f"SELECT {versions.COLUMNS} FROM samples WHERE created <= ?1 AND (deleted IS NULL OR deleted > ?1)"
        if then := versions.as_json(db.execute(f"{query} ORDER BY id", (started,)).fetchall()):
            yield then
