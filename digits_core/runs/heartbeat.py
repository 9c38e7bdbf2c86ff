"""Owners and their heartbeats: how processes on one home know of each other's runs and sweeps that their owner lives.

An owner has one row, renewed every few seconds while something of it is live and removed after that. Whoever finds a
row stale gives the owner's runs and sweeps up: they are interrupted and can be resumed. An owner that lives after all –
its laptop slept, its clock was set – takes back, with its next heartbeat, what nobody else has taken over meanwhile.
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
"""Six times in the time after which a heartbeat counts as stale."""
RUN_INTERRUPTED = "The app ended while this run was training. Resume continues from what is kept."
LOG_INTERRUPTED = "The process that logged this run ended without finishing it. What it logged is kept."
SWEEP_INTERRUPTED = "The app ended while this sweep was under way."

TAKEN_OVER = "This run was taken over by another app, or deleted, while this process could not be reached."

_LIVE_RUN, _LIVE_SWEEP = "status IN ('queued', 'running', 'paused')", "status IN ('running', 'paused')"
_OWNERS = f"SELECT owner FROM runs WHERE {_LIVE_RUN} UNION SELECT owner FROM sweeps WHERE {_LIVE_SWEEP}"


class Owners:
    """The processes that own something live on one home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, owner: str) -> bool:
        """Renew the heartbeat of a process, and take back what was given up while it could not renew it.

        Returns false, and leaves no heartbeat, if that process owns nothing live.
        """
        with self._database.write() as db:
            beat(db, owner)
            live = owner in _live_owners(db)
            if not live:
                end(db, owner)
            return live

    def end(self, owner: str) -> None:
        """Remove the heartbeat of a process that is about to end: others need not wait for it to become stale."""
        with self._database.write() as db:
            end(db, owner)

    def owns_something(self, owner: str) -> bool:
        """Return True if a live run or sweep is that process's."""
        with self._database.read() as db:
            return owner in _live_owners(db)

    def holds(self, owner: str, run_id: str) -> bool:
        """Return True if a run is still that process's to train: not taken over by another, and not deleted."""
        with self._database.read() as db:
            return holds(db, owner, run_id)

    def is_alive(self, owner: str) -> bool:
        """Return True if that process runs on this host, or has renewed its heartbeat in the last minute."""
        if processes.is_local(owner):
            return processes.is_alive(owner)
        with self._database.read() as db:
            row = db.execute("SELECT seen FROM owners WHERE owner = ?", (owner,)).fetchone()
        return processes.is_alive(owner, row and row["seen"])

    def interrupt_orphans(self, is_alive: Callable[[str], bool] | None = None) -> list[str]:
        """Mark as interrupted what processes have left that are gone; returns the ids of the runs.

        Runs and sweeps in one transaction, so that an owner that lives after all never sees one without the other.
        """
        is_alive = is_alive or self.is_alive
        with self._database.read() as db:
            if all(is_alive(owner) for owner in _live_owners(db)):
                return []  # nothing is written while all is well
        with self._database.write() as db:
            # Asked again now that nobody else can write: a run may have been taken over, a heartbeat renewed.
            gone = [owner for owner in _live_owners(db) if not is_alive(owner)]
            return [run_id for owner in gone for run_id in _give_up(db, owner)]


class Heartbeat:
    """Renews the heartbeat of a process on a thread of its own, for as long as something of it is live.

    `start` is to be called after a run or a sweep was written in the name of the owner; while nothing is live there is
    no thread. A renewal that fails, on a full disk for example, is repeated like any other.
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
        """See to it that the heartbeat is renewed; returns at once."""
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the heartbeat."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
            with suppress(StoreError):  # it becomes stale by itself
                self._owners.end(self._owner)

    def _work(self) -> None:
        while not self._closing.wait(RENEW_S):
            try:
                if not self._owners.beat(self._owner) and self._rests():
                    return
            except StoreError as error:
                log.warning("The heartbeat could not be renewed: %s", error)

    def _rests(self) -> bool:
        """Let the thread end, unless something was started meanwhile."""
        with self._lock:
            # Under the lock: what `start` is called for is seen here, or finds no thread.
            if self._owners.owns_something(self._owner):
                return False
            self._thread = None
            return True


class Hold:
    """The right of a process to train a run, which ends when another process takes the run over or it is deleted."""

    def __init__(self, owners: Owners, owner: str, run_id: str) -> None:
        self._owners = owners
        self._owner = owner
        self._run_id = run_id

    def check(self) -> None:
        """Raise `RunError` if the right has ended. That it cannot be looked up is not a reason."""
        with suppress(StoreError):
            if not self._owners.holds(self._owner, self._run_id):
                raise RunError(TAKEN_OVER)


def beat(db: sqlite3.Connection, owner: str) -> None:
    """Do what `Owners.beat` does as part of a transaction."""
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
    """Do what `Owners.end` does as part of a transaction."""
    db.execute("DELETE FROM owners WHERE owner = ?", (owner,))


def holds(db: sqlite3.Connection, owner: str, run_id: str) -> bool:
    """Return True if a run is still that process's to train: not taken over by another, and not deleted."""
    return bool(
        db.execute("SELECT 1 FROM runs WHERE id = ? AND owner = ? AND deleted IS NULL", (run_id, owner)).fetchone()
    )


def was_lost(db: sqlite3.Connection, run_id: str) -> bool:
    """Return True if a run was given up and nobody has taken it over since."""
    return bool(db.execute("SELECT 1 FROM lost WHERE id = ?", (run_id,)).fetchone())


def forget_loss(db: sqlite3.Connection, run_or_sweep_id: str) -> None:
    """Let a run or sweep that was given up be its new owner's."""
    db.execute("DELETE FROM lost WHERE id = ?", (run_or_sweep_id,))


def _live_owners(db: sqlite3.Connection) -> list[str]:
    return [row["owner"] for row in db.execute(_OWNERS)]


def _give_up(db: sqlite3.Connection, owner: str) -> list[str]:
    """Interrupt what a process owns, and note how it was; returns the ids of the runs."""
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
