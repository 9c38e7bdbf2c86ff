"""Owners and their heartbeats, which tell the processes on one home whether the owner of a run or sweep is alive.

An owner has one row, renewed every few seconds while it owns something live and removed after that. A process that
finds a stale row interrupts the owner's runs and sweeps, which can then be resumed. An owner that is alive after all –
its laptop slept, its clock was set – takes back, with its next heartbeat, all that has not been taken over meanwhile.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from digits_core.database import Database
from digits_core.errors import RunError, StoreError
from digits_core.runs import process_owner as processes
from digits_core.runs import queue
from digits_core.runs.recording import keep_to_weights

log = logging.getLogger(__name__)

RENEW_S = 10.0
"""A sixth of the time after which a heartbeat counts as stale."""
RUN_INTERRUPTED = "The app ended while this run was training. Resume continues from what is kept."
LOG_INTERRUPTED = "The process that logged this run ended without finishing it. What it logged is kept."
SWEEP_INTERRUPTED = "The app ended while this sweep was under way."

TAKEN_OVER = "This run was taken over by another app, or deleted, while this process could not be reached."

_LIVE_RUN, _LIVE_SWEEP = "status IN ('queued', 'running', 'paused')", "status IN ('running', 'paused')"
_OWNERS = f"SELECT owner FROM runs WHERE {_LIVE_RUN} UNION SELECT owner FROM sweeps WHERE {_LIVE_SWEEP}"


class Owners:
    """The processes that own live runs or sweeps on one home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, owner: str) -> bool:
        """Renew the heartbeat of a process, and take back its runs and sweeps that were wrongly interrupted.

        Returns False, and removes the heartbeat, if that process does not own anything live.
        """
        with self._database.write() as db:
            beat(db, owner)
            live = owner in _live_owners(db)
            if not live:
                end(db, owner)
            return live

    def end(self, owner: str) -> None:
        """Remove the heartbeat of a process that is about to end, so that others need not wait until it is stale."""
        with self._database.write() as db:
            end(db, owner)

    def owns_something(self, owner: str) -> bool:
        """Return True if that process owns a live run or sweep."""
        with self._database.read() as db:
            return owner in _live_owners(db)

    def holds(self, owner: str, run_id: str) -> bool:
        """Return True if that process may still train the run: not taken over by another, and not deleted."""
        with self._database.read() as db:
            return holds(db, owner, run_id)

    def is_alive(self, owner: str) -> bool:
        """Return True if the process runs on this host, or has renewed its heartbeat in the last minute."""
        if processes.is_local(owner):
            return processes.is_alive(owner)
        with self._database.read() as db:
            row = db.execute("SELECT seen FROM owners WHERE owner = ?", (owner,)).fetchone()
        return processes.is_alive(owner, row and row["seen"])

    def interrupt_orphans(self, is_alive: Callable[[str], bool] | None = None) -> list[str]:
        """Mark the runs and sweeps of dead processes as interrupted, and return the ids of the runs.

        Both in one transaction, so that an owner that is alive after all never sees one without the other.
        """
        is_alive = is_alive or self.is_alive
        with self._database.read() as db:
            if all(is_alive(owner) for owner in _live_owners(db)):
                return []  # write nothing if all owners are alive
        with self._database.write() as db:
            # Check again, now that no other process can write: a run may have been taken over, a heartbeat renewed.
            gone = [owner for owner in _live_owners(db) if not is_alive(owner)]
            return [run_id for owner in gone for run_id in _give_up(db, owner)]


class Heartbeat:
    """Renews the heartbeat of a process on a separate thread, as long as it owns something live.

    Call `start` after writing a run or a sweep in the name of the owner; while nothing is live there is no thread. A
    renewal that fails, on a full disk for example, is tried again at the next interval.
    """

    def __init__(self, owners: Owners, owner: str) -> None:
        self._owners = owners
        self._owner = owner
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start renewing the heartbeat, if it is not running; returns at once."""
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop the thread and remove the heartbeat."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
            with suppress(StoreError):  # it will become stale anyway
                self._owners.end(self._owner)

    def _work(self) -> None:
        while not self._closing.wait(RENEW_S):
            try:
                if not self._owners.beat(self._owner) and self._rests():
                    return
            except StoreError as error:
                log.warning("The heartbeat could not be renewed: %s", error)

    def _rests(self) -> bool:
        """Return True, so that the thread ends, unless something was started meanwhile."""
        with self._lock:
            # Under the lock: a concurrent `start` is either seen here, or finds no thread.
            if self._owners.owns_something(self._owner):
                return False
            self._thread = None
            return True


class Hold:
    """The right of a process to train a run, until another process takes the run over or it is deleted."""

    def __init__(self, owners: Owners, owner: str, run_id: str) -> None:
        self._owners = owners
        self._owner = owner
        self._run_id = run_id

    def check(self) -> None:
        """Raise `RunError` if the right has ended; do nothing if it cannot be looked up."""
        with suppress(StoreError):
            if not self._owners.holds(self._owner, self._run_id):
                raise RunError(TAKEN_OVER)


def beat(db: sqlite3.Connection, owner: str) -> None:
    """Renew a heartbeat and take back lost runs and sweeps, within a transaction; see `Owners.beat`."""
    db.execute(
        "INSERT INTO owners VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET seen = excluded.seen", (owner, time.time())
    )
    lost = db.execute(
        "SELECT lost.*, session FROM lost JOIN runs USING (id) "
        "WHERE runs.owner = ? AND runs.status = 'interrupted' AND deleted IS NULL ORDER BY lost.position",
        (owner,),
    ).fetchall()
    for run in lost:
        db.execute(
            "UPDATE runs SET status = ?, finished = NULL, message = '', archived = NULL WHERE id = ?",
            (run["status"], run["id"]),
        )
        if run["position"]:
            queue.enqueue(db, run["id"], run["session"])
    db.execute(
        "UPDATE sweeps SET status = lost.status, finished = NULL, message = '' FROM lost "
        "WHERE lost.id = sweeps.id AND owner = ? AND sweeps.status = 'interrupted' AND deleted IS NULL",
        (owner,),
    )
    for table in ("runs", "sweeps"):
        db.execute(f"DELETE FROM lost WHERE id IN (SELECT id FROM {table} WHERE owner = ?)", (owner,))


def end(db: sqlite3.Connection, owner: str) -> None:
    """Remove a heartbeat within a transaction; see `Owners.end`."""
    db.execute("DELETE FROM owners WHERE owner = ?", (owner,))


def holds(db: sqlite3.Connection, owner: str, run_id: str) -> bool:
    """Return True if that process may still train the run: not taken over by another, and not deleted."""
    return bool(
        db.execute("SELECT 1 FROM runs WHERE id = ? AND owner = ? AND deleted IS NULL", (run_id, owner)).fetchone()
    )


def was_lost(db: sqlite3.Connection, run_id: str) -> bool:
    """Return True if a run was given up and has not been taken over since."""
    return bool(db.execute("SELECT 1 FROM lost WHERE id = ?", (run_id,)).fetchone())


def forget_loss(db: sqlite3.Connection, run_or_sweep_id: str) -> None:
    """Forget that a run or sweep was given up, because it has a new owner."""
    db.execute("DELETE FROM lost WHERE id = ?", (run_or_sweep_id,))


def _live_owners(db: sqlite3.Connection) -> list[str]:
    return [row["owner"] for row in db.execute(_OWNERS)]


def _give_up(db: sqlite3.Connection, owner: str) -> list[str]:
    """Interrupt what a process owns, record the previous status, and return the ids of the runs."""
    run_ids = [row["id"] for row in db.execute(f"SELECT id FROM runs WHERE owner = ? AND {_LIVE_RUN}", (owner,))]
    for table, live, position in (("runs", _LIVE_RUN, "position"), ("sweeps", _LIVE_SWEEP, "0")):
        db.execute(
            f"INSERT OR REPLACE INTO lost SELECT id, status, {position} FROM {table} WHERE owner = ? AND {live}",
            (owner,),
        )
    db.execute(
        "UPDATE runs SET status = 'interrupted', position = 0, finished = ?, message = iif(origin = '', ?, ?) "
        f"WHERE owner = ? AND {_LIVE_RUN}",
        (time.time(), RUN_INTERRUPTED, LOG_INTERRUPTED, owner),
    )
    for run_id in run_ids:
        keep_to_weights(db, run_id)
    db.execute(
        f"UPDATE sweeps SET status = 'interrupted', finished = ?, message = ? WHERE owner = ? AND {_LIVE_SWEEP}",
        (time.time(), SWEEP_INTERRUPTED, owner),
    )
    end(db, owner)
    queue.write_order(db, queue.waiting_ids(db))
    return run_ids
