"""Writes the events of a training to the database. A repeated event, or one after the end, changes nothing."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from typing import Any

from digits_core.config import RunConfig
from digits_core.runs.numbers import next_number
from digits_core.runs.rows import What
from digits_core.training.events import (
    Changed,
    EpochFinished,
    Event,
    Failed,
    Finished,
    Paused,
    Progress,
    Resumed,
    Started,
)

IS_LIVE = "status IN ('queued', 'running', 'paused')"
_RUN_IS_LIVE = f"EXISTS (SELECT 1 FROM runs WHERE id = ? AND {IS_LIVE})"


def record(db: sqlite3.Connection, run_id: str, event: Event) -> None:
    """Update a run with an event of its training."""
    match event:
        case Started():
            _start(db, run_id, event)
        case Progress():
            _add_batches(db, run_id, event)
            db.execute(
                f"UPDATE runs SET progress = ?, images_per_second = ?, seconds = ? WHERE id = ? AND {IS_LIVE}",
                (event.share, event.images_per_second, event.seconds, run_id),
            )
        case EpochFinished():
            _add_epoch(db, run_id, event)
        case Paused():
            _set_status(db, run_id, "running", "paused", event)
        case Resumed():
            _set_status(db, run_id, "paused", "running", event)
        case Changed():
            _change(db, run_id, event)
        case Finished():
            if event.outcome == "stopped":
                add_change(db, run_id, "stopped", event.epochs_done + 1, event.batch)
            _end(db, run_id, event.outcome, event)
        case Failed():
            _end(db, run_id, "failed", event)


def add_run(
    db: sqlite3.Connection,
    run_id: str,
    config: RunConfig,
    owner: str,
    *,
    created: float,
    parent: str = "",
    session: str = "",
    sweep: str = "",
    environment: dict[str, Any] | None = None,
) -> None:
    """Insert a run as queued, with the next number."""
    db.execute(
        "INSERT INTO runs (id, number, name, recipe, status, config, owner, created, parent, session, epochs, "
        "sweep, environment) VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run_id,
            next_number(db, "runs"),
            config.name.strip() or config.recipe or "Run",
            config.recipe,
            config.to_json(),
            owner,
            created,
            parent,
            session,
            config.training.epochs,
            sweep,
            json.dumps(environment or {}),
        ),
    )


def add_change(
    db: sqlite3.Connection, run_id: str, what: What, epoch: int, batch: int, value: float | None = None
) -> None:
    """Record a change made by hand in the history of a live run."""
    db.execute(
        f"INSERT INTO changes (run, what, value, epoch, batch, created) SELECT ?, ?, ?, ?, ?, ? WHERE {_RUN_IS_LIVE}",
        (run_id, what, value, epoch, batch, time.time(), run_id),
    )


def _start(db: sqlite3.Connection, run_id: str, event: Started) -> None:
    environment = {**event.environment, **_datasets_before(db, run_id, event)}
    db.execute(
        "UPDATE runs SET status = 'running', position = 0, started = coalesce(started, ?), environment = ?, epochs = ? "
        f"WHERE id = ? AND {IS_LIVE}",
        (time.time(), json.dumps(environment), event.epochs, run_id),
    )


def _datasets_before(db: sqlite3.Connection, run_id: str, event: Started) -> dict[str, dict[str, str]]:
    """Return the fingerprints of the datasets with which a run, or the one it continues, began, if they have
    changed since."""
    query = "SELECT environment, (SELECT environment FROM runs WHERE id = run.parent) AS parents FROM runs AS run"
    row = db.execute(f"{query} WHERE id = ?", (run_id,)).fetchone()
    earlier = {**json.loads(row["parents"] or "{}"), **json.loads(row["environment"])} if row else {}
    began = earlier.get("datasets_before") or earlier.get("datasets")
    return {"datasets_before": began} if began and began != event.environment.get("datasets") else {}


def _set_status(db: sqlite3.Connection, run_id: str, before: str, after: str, event: Paused | Resumed) -> None:
    """Record a pause or its end; do nothing if a paused run is paused again, to make room for another run."""
    moved = db.execute("UPDATE runs SET status = ? WHERE id = ? AND status = ?", (after, run_id, before)).rowcount
    if moved:
        add_change(db, run_id, "paused" if isinstance(event, Paused) else "resumed", event.epoch, event.batch)


def _change(db: sqlite3.Connection, run_id: str, event: Changed) -> None:
    # A training that resumes from a checkpoint repeats its later changes at the same batches.
    known = db.execute(
        "SELECT 1 FROM changes WHERE run = ? AND what = ? AND epoch = ? AND batch = ? AND value = ?",
        (run_id, event.what, event.epoch, event.batch, event.value),
    ).fetchone()
    if not known:
        add_change(db, run_id, event.what, event.epoch, event.batch, event.value)
        db.execute(
            "UPDATE runs SET by_hand = json_insert(by_hand, '$[#]', json_array(?, ?, ?, ?)) "
            f"WHERE id = ? AND {IS_LIVE}",
            (event.what, event.value, event.epoch, event.batch, run_id),
        )
    if event.what == "epochs":
        db.execute(f"UPDATE runs SET epochs = ? WHERE id = ? AND {IS_LIVE}", (int(event.value), run_id))


def _add_batches(db: sqlite3.Connection, run_id: str, event: Progress | EpochFinished) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO batches (run, epoch, batch, loss, learning_rate) "
        f"SELECT ?, ?, ?, ?, ? WHERE {_RUN_IS_LIVE}",
        [
            (run_id, event.epoch, batch, loss, event.learning_rate, run_id)
            for batch, loss in zip(event.loss_batches, event.losses, strict=True)
            if math.isfinite(loss)
        ],
    )


def _add_epoch(db: sqlite3.Connection, run_id: str, event: EpochFinished) -> None:
    # A training that resumes from a checkpoint reports its earlier epochs again: they are already stored.
    db.execute(
        "INSERT OR IGNORE INTO epochs (run, epoch, train_loss, train_accuracy, test_loss, test_accuracy, "
        f"learning_rate, images_per_second, seconds) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE {_RUN_IS_LIVE}",
        (
            run_id,
            event.epoch,
            event.train_loss,
            event.train_accuracy,
            event.test_loss,
            event.test_accuracy,
            event.learning_rate,
            event.images_per_second,
            event.seconds,
            run_id,
        ),
    )
    db.execute(
        "INSERT OR IGNORE INTO details (run, epoch, gradient_norms, weight_norms, confusion, watched) "
        f"SELECT ?, ?, ?, ?, ?, ? WHERE {_RUN_IS_LIVE}",
        (
            run_id,
            event.epoch,
            json.dumps(event.gradient_norms),
            json.dumps(event.weight_norms),
            json.dumps(event.confusion),
            json.dumps(event.watched),
            run_id,
        ),
    )
    _add_batches(db, run_id, event)
    db.execute(
        "UPDATE runs SET test_loss = ?, test_accuracy = ?, images_per_second = ?, "
        f"progress = max(progress, ?) WHERE id = ? AND {IS_LIVE}",
        (event.test_loss, event.test_accuracy, event.images_per_second, event.epoch / event.epochs, run_id),
    )
    if event.kept:
        note_weights(db, run_id, event.epoch)


def note_weights(db: sqlite3.Connection, run_id: str, epochs: int) -> None:
    """Record that the folder of a live run holds the weights after `epochs` complete epochs."""
    db.execute(f"UPDATE runs SET weights = max(coalesce(weights, 0), ?) WHERE id = ? AND {IS_LIVE}", (epochs, run_id))


def keep_to_weights(db: sqlite3.Connection, run_id: str) -> None:
    """Set the test figures of a run that has just ended to those of its saved weights, or to none without weights.

    Later epochs were measured, but their weights were lost with the machine that trained, or belong to another run.
    """
    db.execute(
        "UPDATE runs SET (test_loss, test_accuracy) = (SELECT test_loss, test_accuracy FROM epochs "
        "WHERE run = runs.id AND epoch = runs.weights), message = message || CASE WHEN weights IS NULL "
        "THEN ' None of its weights were kept.' ELSE ' The weights that were kept are those of epoch ' || weights || "
        "'.' END WHERE id = ? AND origin = '' "
        "AND coalesce(weights, 0) < (SELECT max(epoch) FROM epochs WHERE run = runs.id)",
        (run_id,),
    )


def reason_of_stop(db: sqlite3.Connection, run_id: str) -> str:
    """Return why the sweep of a trial stopped it, or "" if it did not."""
    query = "SELECT stop_reason, (SELECT max(epoch) FROM epochs WHERE run = id) AS done FROM runs WHERE id = ?"
    row = db.execute(query, (run_id,)).fetchone()
    match row and row["stop_reason"]:
        case "underperforming":
            return f"Stopped early at epoch {row['done']}: accuracy below the median of the other trials."
        case "with its sweep":
            return "Stopped with its sweep, and goes on with it."
    return ""


def _end(db: sqlite3.Connection, run_id: str, status: str, event: Finished | Failed) -> None:
    finished = event if isinstance(event, Finished) else None
    if finished and finished.test_accuracy is not None:
        note_weights(db, run_id, finished.epochs_done)
    message = (reason_of_stop(db, run_id) if status == "stopped" else "") or event.message
    ended = db.execute(
        "UPDATE runs SET status = ?, position = 0, finished = ?, message = ?, seconds = coalesce(?, seconds), "
        "test_loss = coalesce(?, test_loss), test_accuracy = coalesce(?, test_accuracy), "
        f"progress = CASE WHEN ? = 'finished' THEN 1 ELSE progress END WHERE id = ? AND {IS_LIVE}",
        (
            status,
            time.time(),
            message,
            finished and finished.seconds,
            finished and finished.test_loss,
            finished and finished.test_accuracy,
            status,
            run_id,
        ),
    ).rowcount
    if ended:
        keep_to_weights(db, run_id)
