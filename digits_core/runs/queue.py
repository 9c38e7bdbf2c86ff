"""The queue of runs: fair between the sessions that queued them, and reorderable by hand."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

WAITING = "status = 'queued' AND position > 0"


def fair_place(waiting: Sequence[str], training: Sequence[str], session: str) -> int:
    """Return the queue index of a new run of `session`, 0 for the front; `waiting` has the session of each waiting run.

    Sessions take turns: the third run of a session, counting those in training, goes before the fourth run of any
    other session.
    """
    turns = Counter(training)
    turn = turns[session] + list(waiting).count(session) + 1
    for place, each in enumerate(waiting):
        turns[each] += 1
        if turns[each] > turn:
            return place
    return len(waiting)


def enqueue(db: sqlite3.Connection, run_id: str, session: str, first: bool = False) -> None:
    """Put a run into the queue; at the front if `first`, for a run that was preempted."""
    waiting = db.execute(
        f"SELECT id, session FROM runs WHERE {WAITING} AND id <> ? ORDER BY position", (run_id,)
    ).fetchall()
    training = db.execute(
        "SELECT session FROM runs WHERE status = 'running' OR (status = 'queued' AND position = 0 AND id <> ?)",
        (run_id,),
    )
    place = (
        0 if first else fair_place([row["session"] for row in waiting], [row["session"] for row in training], session)
    )
    ids = [row["id"] for row in waiting]
    write_order(db, [*ids[:place], run_id, *ids[place:]])


def move(db: sqlite3.Connection, run_id: str, places: int) -> None:
    """Move a waiting run by `places` towards the end of the queue, or the front if negative, stopping at either end."""
    ids = waiting_ids(db)
    if run_id not in ids:
        return
    place = min(max(ids.index(run_id) + places, 0), len(ids) - 1)
    ids.remove(run_id)
    write_order(db, [*ids[:place], run_id, *ids[place:]])


def waiting_ids(db: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in db.execute(f"SELECT id FROM runs WHERE {WAITING} ORDER BY position, number")]


def write_order(db: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Store the order of the waiting runs, numbered from 1."""
    db.executemany(
        "UPDATE runs SET position = ? WHERE id = ?", [(place, each) for place, each in enumerate(ids, start=1)]
    )
