"""The digits that a run was trained and tested on, also when the datasets have changed since.

A run owns its data: handwriting as recorded when the run was created, imports even if they were deleted. Runs from
before that was recorded have the fingerprints of their datasets only: handwriting that fits one is recorded late.
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
    """Find and load the data of the runs of one database."""

    def __init__(self, database: Database, catalogue: Catalogue, runs: RunStore) -> None:
        self._database = database
        self._catalogue = catalogue
        self._runs = runs

    def loader(self, run_id: str, read: Read | None = None) -> Load:
        """Return what loads the datasets of a run as they were when it was created.

        It raises `DatasetError` where they cannot be had any more. `read` is a cached `Catalogue.load_version`.
        """
        read = read or self._catalogue.load_version
        return lambda name: read(name, self.version(run_id, name))

    def lenient_loader(self, run_id: str, read: Read | None = None) -> Load:
        """Return the same loader, but one that falls back on the handwriting of now.

        For runs from before it was recorded: with it they can be resumed and continued, and `changed_data` says so.
        """
        read = read or self._catalogue.load_version

        return lambda name: read(name, self.lenient_version(run_id, name))

    def lenient_version(self, run_id: str, name: str) -> str:
        """Return which version of a dataset `lenient_loader` loads."""
        try:
            return self.version(run_id, name)
        except DatasetError:
            return self._catalogue.version(name)

    def version(self, run_id: str, name: str) -> str:
        """Return which version of a dataset a run means; `DatasetError` where that cannot be had any more."""
        if name != versions.NAME:
            return self._catalogue.version(name)
        return self._runs.handwriting_version(run_id) or self.record(run_id)

    def problem(self, run: Run) -> str:
        """Return why the digits of a run cannot be had any more, in one sentence; an empty text where they can."""
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

        A run that has not started is going to be trained on that of now. For any other, the samples must fit the
        fingerprint that it has kept: those of now, or those that were there when it began. `DatasetError` if they do
        not.
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
    """Return a sentence for a run that went on with other digits than it began with; an empty text for any other."""
    before, now = (run.environment.get(name, {}) for name in ("datasets_before", "datasets"))
    changed = [name for name, fingerprint in before.items() if now.get(name, fingerprint) != fingerprint]
    if not changed:
        return ""
    return (
        f"{' and '.join(changed)} changed before this run went on: its earlier epochs were trained on other digits "
        "than its later ones."
    )


def _candidates(db: sqlite3.Connection, started: float | None) -> Iterator[str]:
    """Yield the handwriting of now, then that of a moment, as far as times tell: samples may have been relabelled."""
    if now := versions.current(db):
        yield now
    if started is not None:
        query = f"SELECT {versions.COLUMNS} FROM samples WHERE created <= ?1 AND (deleted IS NULL OR deleted > ?1)"
        if then := versions.as_json(db.execute(f"{query} ORDER BY id", (started,)).fetchall()):
            yield then
