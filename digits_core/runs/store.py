"""The runs in the database: created as queued, updated by the events of their training, read by pages.

Each run has one owner, the process that applies its events; readers request what is newer than their cursor.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any

from digits_core.config import RunConfig
from digits_core.data import handwriting_versions
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.runs import heartbeat, queue
from digits_core.runs.heartbeat import Owners
from digits_core.runs.logged import LoggedRuns
from digits_core.runs.preferred import best_of
from digits_core.runs.recording import (
    IS_LIVE,
    add_change,
    add_run,
    keep_to_weights,
    note_weights,
    reason_of_stop,
    record,
)
from digits_core.runs.rows import (
    LIVE,
    RESUMABLE,
    BatchRow,
    ChangeRow,
    DetailRow,
    EpochRow,
    Kept,
    News,
    Run,
    Status,
    StopReason,
)
from digits_core.runs.run_edits import Labels
from digits_core.runs.sparklines import SmallCurve, small_curves
from digits_core.training.control import Orders
from digits_core.training.events import Event

__all__ = ["LIVE", "BatchRow", "ChangeRow", "DetailRow", "EpochRow", "Kept", "News", "Run", "RunStore", "Status"]


KEPT: dict[Kept, str] = {
    "current": "archived IS NULL AND deleted IS NULL",
    "archived": "archived IS NOT NULL AND deleted IS NULL",
    "deleted": "deleted IS NOT NULL",
}


class RunStore:
    """All access to the tables of runs and epochs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.labels = Labels(database)
        self.owners = Owners(database)
        self.logged = LoggedRuns(database)

    def create(
        self,
        config: RunConfig,
        owner: str,
        session: str | None = None,
        parent: str = "",
        run_id: str = "",
        sweep: str = "",
        threads: int = 0,
        data_of: str = "",
    ) -> Run:
        """Insert a run as queued and return it. With a `session` it waits for its turn; without one it starts at once.

        The handwriting for its training is recorded with it: that of its `parent`, of the run `data_of`, or of the
        first trial of its `sweep`, so that all trials use the same digits; else the current handwriting.
        threads: The number of threads to train with, 0 for the default of the machine that trains.
        """
        run_id = run_id or new_id()
        with self._database.write() as db:
            add_run(
                db,
                run_id,
                config,
                owner,
                created=time.time(),
                parent=parent,
                session=session or "",
                sweep=sweep,
                environment={"threads": threads} if threads else {},
            )
            if handwriting_versions.NAME in (*config.data.train, *config.data.test):
                _note_handwriting(db, run_id, parent or data_of, sweep)
            if session is not None:
                queue.enqueue(db, run_id, session)
            heartbeat.beat(db, owner)
        return self.get(run_id)

    def handwriting_version(self, run_id: str) -> str:
        """Return the version of the handwriting that was recorded with a run, or "" if there is none."""
        with self._database.read() as db:
            return handwriting_versions.noted(db, run_id)

    def apply(self, run_id: str, event: Event, owner: str = "") -> bool:
        """Update a run with an event. A repeated event, or one after the end, changes nothing.

        If `owner`, the process that sends the event, is given, return False and change nothing once the run is no
        longer its own: another process has taken it over, or it was deleted.
        """
        with self._database.write() as db:
            if owner and not heartbeat.holds(db, owner, run_id):
                return False
            if owner and heartbeat.was_lost(db, run_id):
                heartbeat.beat(db, owner)  # a process that reports is alive after all
            record(db, run_id, event)
            return True

    def note_weights(self, run_id: str, epochs: int) -> None:
        """Record that the folder of a live run holds the weights after `epochs` complete epochs."""
        with self._database.write() as db:
            note_weights(db, run_id, epochs)

    def runs(self, kept: Kept = "current") -> list[Run]:
        """Return all listed runs, newest first; or the archived or deleted ones."""
        return self._select(f"SELECT * FROM runs WHERE {KEPT[kept]} ORDER BY number DESC")

    def some(self, run_ids: Sequence[str]) -> list[Run]:
        """Return these runs in the order of their ids, including archived ones, without missing and deleted ones."""
        found = self._select(
            "SELECT * FROM runs WHERE id IN (SELECT value FROM json_each(?)) AND deleted IS NULL", json.dumps(run_ids)
        )
        by_id = {run.id: run for run in found}
        return [by_id[run_id] for run_id in run_ids if run_id in by_id]

    def count(self, kept: Kept = "current") -> int:
        with self._database.read() as db:
            return db.execute(f"SELECT count(*) FROM runs WHERE {KEPT[kept]}").fetchone()[0]

    def small_curves(self, run_ids: Sequence[str]) -> dict[str, SmallCurve]:
        """Return the test accuracy of each of these runs at a few epochs, from its first to its last."""
        with self._database.read() as db:
            return small_curves(db, run_ids)

    def live(self) -> list[Run]:
        """Return all runs that are training or queued, oldest first, on any machine."""
        return self._select(f"SELECT * FROM runs WHERE {IS_LIVE} ORDER BY number")

    def in_training(self) -> list[Run]:
        """Return the runs that this app is training or has queued, oldest first, without live logged runs."""
        return [run for run in self.live() if not run.is_logged]

    def is_live(self, run_id: str) -> bool:
        """Return True if the run is training or queued; False also if it does not exist."""
        return any(run.id == run_id for run in self.live())

    def get(self, run_id: str) -> Run:
        """Return the run with this id; raises `RunError` if it does not exist."""
        found = self._select("SELECT * FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        if not found:
            raise RunError(
                f"There is no run {run_id!r}: it may have been deleted. The Runs page lists those there are."
            )
        return found[0]

    def find(self, reference: str) -> Run:
        """Return the run for a user's reference: `#3`, an id, its unique prefix, a name, `latest` or `best`.

        `latest` is the newest usable run, `best` the default of the pages: see `best_of`. Raises `RunError` if the
        reference does not identify one run.
        """
        if reference in ("latest", "best"):
            usable = self.usable(logged=reference == "latest")
            named = best_of(usable) if reference == "best" else next(iter(usable), None)
            if named is None:
                raise RunError("There is no trained run yet. Train one first: python -m digits_core train")
            return named
        by_number, number = reference.startswith("#"), reference.removeprefix("#")
        found = self._select(
            "SELECT * FROM runs WHERE deleted IS NULL AND "
            + ("CAST(number AS TEXT) = ?1" if by_number else "?1 != '' AND substr(id, 1, length(?1)) = ?1"),
            number,
        )
        if len(found) == 1:
            return found[0]
        if found:
            raise RunError(f"{reference!r} is the beginning of {len(found)} runs: add more of the id.")
        called = self._select("SELECT * FROM runs WHERE deleted IS NULL AND name = ? ORDER BY number", reference)
        if len(called) == 1:
            return called[0]
        if called:
            numbers = ", ".join(f"#{run.number}" for run in called)
            raise RunError(f"{len(called)} runs are called {reference!r}: {numbers}. Say which by its number.")
        raise RunError(f"There is no run {reference!r}. List them: python -m digits_core runs")

    def usable(self, logged: bool = False) -> list[Run]:
        """Return the listed runs that hold weights to recognise with, newest first.

        logged: Include those whose network was traced from custom code: it recognises digits and returns the
            activations of its layers, but lacks the information that the app has about its own layers.
        """
        runs = self._select(
            "SELECT * FROM runs WHERE status IN ('finished', 'stopped', 'interrupted') "
            "AND (test_accuracy IS NOT NULL OR origin != '') "
            f"AND weights IS NOT NULL AND {KEPT['current']} ORDER BY number DESC"
        )
        return [run for run in runs if logged or not run.is_logged]

    def epochs(self, run_ids: Sequence[str]) -> dict[str, list[EpochRow]]:
        """Return the epochs of each of these runs, in order; an empty list if a run has none."""
        marks = ", ".join("?" * len(run_ids))
        with self._database.read() as db:
            rows = db.execute(f"SELECT * FROM epochs WHERE run IN ({marks}) ORDER BY run, epoch", list(run_ids))
            by_run: dict[str, list[EpochRow]] = {run_id: [] for run_id in run_ids}
            for row in rows:
                by_run[row["run"]].append(EpochRow.read(row))
        return by_run

    def news(self, cursor: int) -> News:
        """Return the epochs written after `cursor` (0: all), over all runs."""
        with self._database.read() as db:
            rows = db.execute("SELECT * FROM epochs WHERE sequence > ? ORDER BY sequence", (cursor,)).fetchall()
        epochs = [EpochRow.read(row) for row in rows]
        return News(epochs, epochs[-1].sequence if epochs else cursor)

    def cursor(self) -> int:
        """Return the cursor that `news` would return now; it grows whenever a run finishes an epoch."""
        with self._database.read() as db:
            return db.execute("SELECT coalesce(max(sequence), 0) FROM epochs").fetchone()[0]

    def batches(self, run_id: str, after: int = 0) -> list[BatchRow]:
        """Return the losses of single batches with a sequence number above `after`, in order of arrival."""
        query = (
            "SELECT sequence, epoch, batch, loss, learning_rate FROM batches "
            "WHERE run = ? AND sequence > ? ORDER BY sequence"
        )
        with self._database.read() as db:
            return [BatchRow(*row) for row in db.execute(query, (run_id, after))]

    def details(self, run_id: str, after: int = 0) -> list[DetailRow]:
        """Return the details of each epoch above `after`, in order."""
        query = (
            "SELECT epoch, gradient_norms, weight_norms, confusion, watched FROM details "
            "WHERE run = ? AND epoch > ? ORDER BY epoch"
        )
        with self._database.read() as db:
            rows = db.execute(query, (run_id, after)).fetchall()
        return [DetailRow(epoch, *(json.loads(text) for text in texts)) for epoch, *texts in rows]

    def changes(self, run_id: str) -> list[ChangeRow]:
        """Return the changes made to a run by hand, oldest first."""
        query = "SELECT sequence, what, value, epoch, batch, created FROM changes WHERE run = ? ORDER BY sequence"
        with self._database.read() as db:
            return [ChangeRow(*row) for row in db.execute(query, (run_id,))]

    def queue(self) -> list[Run]:
        """Return the queued runs of all sessions, the next one first."""
        return self._select(f"SELECT * FROM runs WHERE {queue.WAITING} ORDER BY position, number")

    def move(self, run_id: str, places: int) -> None:
        """Move a waiting run later in the queue by `places`, or earlier if negative."""
        with self._database.write() as db:
            queue.move(db, run_id, places)

    def take(self, run_id: str, owner: str = "") -> bool:
        """Take a run out of the queue to train it; return False if it no longer waits or has another owner."""
        with self._database.write() as db:
            taken = db.execute(
                f"UPDATE runs SET position = 0 WHERE id = ? AND {queue.WAITING} AND (owner = ? OR ? = '')",
                (run_id, owner, owner),
            ).rowcount
            queue.write_order(db, queue.waiting_ids(db))
        return bool(taken)

    def cancel(self, run_id: str) -> bool:
        """Stop a waiting run; return False if it no longer waits."""
        with self._database.write() as db:
            message = reason_of_stop(db, run_id) or "Taken out of the queue."
            cancelled = db.execute(
                "UPDATE runs SET status = 'stopped', position = 0, finished = ?, message = ? "
                f"WHERE id = ? AND {queue.WAITING}",
                (time.time(), message, run_id),
            ).rowcount
            queue.write_order(db, queue.waiting_ids(db))
        return bool(cancelled)

    def set_stop_reason(self, run_id: str, reason: StopReason) -> None:
        """Record why a trial is about to be stopped, for its message and for a later conductor."""
        with self._database.write() as db:
            db.execute(f"UPDATE runs SET stop_reason = ? WHERE id = ? AND {IS_LIVE}", (reason, run_id))

    def order(self, run_id: str, **wishes: Any) -> Orders:
        """Add requests to a live run, keeping earlier ones; its owner carries them out."""
        with self._database.write() as db:
            row = db.execute(f"SELECT orders FROM runs WHERE id = ? AND {IS_LIVE}", (run_id,)).fetchone()
            if row is None:
                raise RunError("This run has ended: continue it instead.")
            orders = Orders.from_json(row["orders"]).replace(**wishes)
            db.execute("UPDATE runs SET orders = ? WHERE id = ?", (orders.to_json(), run_id))
        return orders

    def requeue(self, run_id: str, owner: str, statuses: Sequence[Status] = RESUMABLE) -> Run:
        """Requeue an interrupted or preempted run under a new owner.

        Raises `RunError` if its status has changed meanwhile, because another process was faster.
        """
        self.owners.beat(owner)  # a run of this owner that was given up too early continues: no need to queue it
        marks = ", ".join("?" * len(statuses))
        with self._database.write() as db:
            row = db.execute(
                f"SELECT session, status, orders, (SELECT count(*) FROM epochs WHERE run = id) AS done FROM runs "
                f"WHERE id = ? AND status IN ({marks}) AND deleted IS NULL",
                (run_id, *statuses),
            ).fetchone()
            if row is None:
                raise RunError(f"This run is {self.get(run_id).status}: there is nothing to resume.")
            orders = Orders.from_json(row["orders"]).replace(stop=False, pause=False, leave=False)
            db.execute(
                "UPDATE runs SET status = 'queued', owner = ?, orders = ?, finished = NULL, message = '', "
                "archived = NULL, stop_reason = '' WHERE id = ?",
                (owner, orders.to_json(), run_id),
            )
            heartbeat.forget_loss(db, run_id)
            heartbeat.beat(db, owner)
            left = row["status"] == "paused"
            add_change(db, run_id, "resumed" if left else "restarted", row["done"] + 1, 0)
            queue.enqueue(db, run_id, row["session"], first=left)
        return self.get(run_id)

    def interrupt_orphans(self, is_alive: Callable[[str], bool] | None = None) -> list[Run]:
        """Mark the live runs and sweeps whose owner has died as interrupted, and return the runs.

        `is_alive` tells whether an owner is alive; by default if it runs here or has a fresh heartbeat.
        """
        return self.some(self.owners.interrupt_orphans(is_alive))

    def interrupt(self, run_ids: Sequence[str], message: str) -> None:
        """Mark these runs as interrupted, except those that have already ended."""
        with self._database.write() as db:
            for run_id in run_ids:
                ended = db.execute(
                    "UPDATE runs SET status = 'interrupted', position = 0, finished = ?, message = ? "
                    f"WHERE id = ? AND {IS_LIVE}",
                    (time.time(), message, run_id),
                ).rowcount
                if ended:
                    keep_to_weights(db, run_id)
            queue.write_order(db, queue.waiting_ids(db))

    def _select(self, query: str, *values: Any) -> list[Run]:
        with self._database.read() as db:
            return [Run(*row) for row in db.execute(query, values)]


def new_id() -> str:
    """Return a new id for a run or sweep."""
    return secrets.token_hex(4)


def _note_handwriting(db: sqlite3.Connection, run_id: str, other: str, sweep: str) -> None:
    """Record the handwriting that a run is trained on."""
    query = (
        "SELECT id FROM runs JOIN run_handwriting ON run = id WHERE sweep = ? AND sweep != '' ORDER BY number LIMIT 1"
    )
    first = db.execute(query, (sweep,)).fetchone()
    if handwriting_versions.inherit(db, run_id, other or (first["id"] if first else "")):
        return
    if samples := handwriting_versions.current(db):
        handwriting_versions.note(db, run_id, samples)
