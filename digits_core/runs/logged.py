"""Runs that this app did not train: logged by a custom training loop, or read from the files of another program.

They are in the same tables as all others. Values that were not logged are NaN among the figures of an epoch, and `None`
among the settings.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from digits_core.config import RunConfig
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.runs import heartbeat
from digits_core.runs.logged_config import as_settings, tidy_config
from digits_core.runs.metric_names import KNOWN, Known, known_metric
from digits_core.runs.recording import IS_LIVE, add_run
from digits_core.runs.rows import Status
from digits_core.runs.run_edits import tidy_name, tidy_note, tidy_tags

OWN_LOOP = "own loop"
"""The origin of a run that a custom loop logs while it trains."""
LARGEST_STEP = 2**53
"""JavaScript draws the charts, and has no exact integers above this."""

# Jump from each name to the next one in the index: a run may have logged a million values under ten names.
_NAMES = """
WITH RECURSIVE names (name) AS (
    SELECT min(name) FROM metrics WHERE run = :run
    UNION ALL SELECT (SELECT min(name) FROM metrics WHERE run = :run AND name > names.name)
    FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names
"""


class Metric(NamedTuple):
    """One of a run's own metrics: steps int64 (n,) ascending, and its values (n,), NaN for gaps."""

    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class WholeRun:
    """A run that has ended elsewhere, as it is read from the files of another program.

    metrics: by name the values by step, 0 or more, NaN for a gap; elapsed: by step the seconds of training until it was
    done, empty if the files do not say; created, finished: seconds since 1970, now if they do not say. `config` is as
    `logged_config.tidy_config` returns it; note: sentences on what was changed or left out.
    """

    name: str
    origin: str
    metrics: dict[str, dict[int, float]]
    config: dict[str, Any] = field(default_factory=dict)
    elapsed: dict[int, float] = field(default_factory=dict)
    created: float | None = None
    finished: float | None = None
    note: str = ""


class LoggedRuns:
    """Writes logged runs to one database, and reads the data that only such runs have."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        run_id: str,
        origin: str,
        owner: str,
        *,
        name: str = "",
        config: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        note: str = "",
        environment: Mapping[str, Any] | None = None,
        created: float | None = None,
    ) -> None:
        """Insert a run as running, owned by the process `owner`.

        Args:
            run_id: A new id, as `store.new_id` makes it.
            origin: `OWN_LOOP`, or the program that the run is from, such as "TensorBoard".
            owner: The process that logs it, as `process_owner.this_process` says.
            config: As `logged_config.tidy_config` returns it.
            created: Seconds since 1970; now if it is not given.
        """
        with self._database.write() as db:
            _begin(db, run_id, origin, owner, name, config or {}, tags, note, environment or {}, created)

    def resume(self, run_id: str, owner: str) -> None:
        """Reopen a logged run for logging by the process `owner`; raises `RunError` if that is not possible."""
        with self._database.write() as db:
            row = db.execute(
                "SELECT status, origin, owner FROM runs WHERE id = ? AND deleted IS NULL", (run_id,)
            ).fetchone()
            if row is None:
                raise RunError(f"There is no run {run_id!r}. List them: python -m digits_core runs")
            if not row["origin"]:
                raise RunError("This run was trained by the app: only runs of one's own loop can be logged on.")
            if row["status"] == "running" and row["owner"] != owner:
                raise RunError("Another process still logs this run. End it first, or begin a run of your own.")
            db.execute(
                "UPDATE runs SET status = 'running', owner = ?, finished = NULL, message = '', archived = NULL "
                "WHERE id = ?",
                (owner, run_id),
            )
            heartbeat.forget_loss(db, run_id)
            heartbeat.beat(db, owner)

    def log(self, run_id: str, owner: str, entries: Sequence[tuple[int, Mapping[str, float], float, float]]) -> None:
        """Store logged values, all or none.

        Args:
            entries: Step, metrics by name, seconds of training that this step took so far, and seconds since the run
                began. An existing step keeps the values that the entry does not name.

        Raises:
            RunError: if the run has ended, was deleted, or is another process's by now.
        """
        with self._database.write_often() as db:
            self._still_runs(db, run_id, owner)
            for step, metrics, step_seconds, seconds in entries:
                known, others = _parted(metrics)
                if known:
                    _add_epoch(db, run_id, step, known, step_seconds)
                db.executemany(
                    "INSERT OR REPLACE INTO metrics (run, name, step, value) VALUES (?, ?, ?, ?)",
                    [(run_id, name, step, _or_null(value)) for name, value in others.items()],
                )
                # Batches have their own steps, which do not tell how many epochs are done.
                _move_on(db, run_id, step if known else 0, known, seconds)

    def update_config(self, run_id: str, owner: str, config: Mapping[str, Any]) -> None:
        """Add entries to the config of an open run; existing ones are replaced.

        Raises:
            LogError: If there are more entries than a config may have.
            RunError: if the run has ended, was deleted, or is another process's by now.
        """
        with self._database.write() as db:
            self._still_runs(db, run_id, owner)
            kept = db.execute("SELECT logged_config FROM runs WHERE id = ?", (run_id,)).fetchone()
            config = tidy_config({**json.loads(kept["logged_config"]), **config})
            db.execute(
                "UPDATE runs SET logged_config = ?, epochs = ? WHERE id = ?",
                (json.dumps(config), _planned(config), run_id),
            )

    def note_network(self, run_id: str, owner: str, config: RunConfig, steps: int) -> None:
        """Record that the folder of a run has a network for digits with the transform of `config`.

        steps: The number of steps after which it was logged.
        """
        with self._database.write_often() as db:
            self._still_runs(db, run_id, owner)
            db.execute("UPDATE runs SET config = ?, weights = ? WHERE id = ?", (config.to_json(), steps, run_id))

    def end(self, run_id: str, owner: str, status: Status, message: str = "", finished: float | None = None) -> bool:
        """End a run; return False if it had already ended, or belongs to another process."""
        with self._database.write() as db:
            return _end(db, run_id, owner, status, message, finished)

    def add(self, runs: Mapping[str, WholeRun], owner: str, tags: Sequence[str] = ()) -> None:
        """Insert runs of other programs as finished runs, by their new ids: all of them or none."""
        with self._database.write() as db:
            for run_id, run in runs.items():
                _begin(db, run_id, run.origin, owner, run.name, run.config, tags, run.note, {}, run.created)
                _add_all(db, run_id, run)
                _end(db, run_id, owner, "finished", "", run.finished)

    def metric_names(self, run_id: str) -> list[str]:
        """Return the names of a run's own metrics, without the figures that every run has, in order."""
        with self._database.read() as db:
            return [name for (name,) in db.execute(_NAMES, {"run": run_id}) if name is not None]

    def metric(self, run_id: str, name: str) -> Metric:
        """Return all logged values of one of a run's own metrics."""
        query = "SELECT step, value FROM metrics WHERE run = ? AND name = ? ORDER BY step"
        with self._database.read() as db:
            rows = [tuple(row) for row in db.execute(query, (run_id, name))]
        steps, values = zip(*rows, strict=True) if rows else ((), ())
        return Metric(np.array(steps, np.int64), np.array(values, np.float64))

    def newest(self) -> int:
        """Return a number that grows whenever a metric is logged."""
        with self._database.read() as db:
            return db.execute("SELECT coalesce(max(sequence), 0) FROM metrics").fetchone()[0]

    def _still_runs(self, db: sqlite3.Connection, run_id: str, owner: str) -> None:
        row = db.execute("SELECT status, owner, deleted FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None or row["deleted"]:
            raise RunError("This run was deleted: nothing more can be logged to it.")
        if row["owner"] != owner:
            raise RunError(heartbeat.TAKEN_OVER)
        if row["status"] == "interrupted" and heartbeat.was_lost(db, run_id):
            heartbeat.beat(db, owner)  # a process that logs is alive after all
        elif row["status"] != "running":
            raise RunError(f"This run is {row['status']}: nothing more can be logged to it.")


def _begin(
    db: sqlite3.Connection,
    run_id: str,
    origin: str,
    owner: str,
    name: str,
    config: Mapping[str, Any],
    tags: Sequence[str],
    note: str,
    environment: Mapping[str, Any],
    created: float | None,
) -> None:
    name, note, tags = (tidy_name(name) if name.strip() else ""), tidy_note(note), tidy_tags(tags)
    now = time.time() if created is None else created
    add_run(db, run_id, RunConfig(name=name or "My loop"), owner, created=now, environment=dict(environment))
    db.execute(
        "UPDATE runs SET status = 'running', started = ?, seconds = 0, origin = ?, logged_config = ?, "
        "tags = ?, note = ?, epochs = ? WHERE id = ?",
        (now, origin, json.dumps(config), json.dumps(tags), note, _planned(config), run_id),
    )
    heartbeat.beat(db, owner)


def _end(db: sqlite3.Connection, run_id: str, owner: str, status: Status, message: str, finished: float | None) -> bool:
    return bool(
        db.execute(
            "UPDATE runs SET status = ?, finished = ?, message = ?, "
            "progress = CASE WHEN ? = 'finished' THEN 1 ELSE progress END, "
            "epochs = CASE WHEN ? = 'finished' THEN "
            "coalesce((SELECT max(epoch) FROM epochs WHERE run = id), 0) ELSE epochs END "
            f"WHERE id = ? AND owner = ? AND {IS_LIVE}",
            (status, time.time() if finished is None else finished, message[:1000], status, status, run_id, owner),
        ).rowcount
    )


def _add_all(db: sqlite3.Connection, run_id: str, run: WholeRun) -> None:
    """Write all metrics of a run at once: a run may have hundreds of thousands of values."""
    figures: dict[Known, str] = {}
    for name in run.metrics:
        if (figure := known_metric(name)) is not None:
            figures.setdefault(figure, name)
    own = [name for name in run.metrics if name not in figures.values()]
    epochs: dict[int, dict[Known, float]] = {}
    for figure, name in figures.items():
        for step, value in run.metrics[name].items():
            epochs.setdefault(step, {})[figure] = value
    last: dict[Known, float] = {}
    before = 0.0
    for step in sorted(epochs):
        now = max(before, run.elapsed.get(step, before))
        _add_epoch(db, run_id, step, epochs[step], now - before)
        before = now
        last |= {figure: value for figure, value in epochs[step].items() if math.isfinite(value)}
    db.executemany(
        "INSERT INTO metrics (run, name, step, value) VALUES (?, ?, ?, ?)",
        ((run_id, name, step, _or_null(value)) for name in own for step, value in sorted(run.metrics[name].items())),
    )
    _move_on(db, run_id, max(epochs, default=0), last, max(run.elapsed.values(), default=0.0))
    if not run.elapsed:
        db.execute("UPDATE runs SET seconds = NULL, started = NULL WHERE id = ?", (run_id,))


def _parted(metrics: Mapping[str, float]) -> tuple[dict[Known, float], dict[str, float]]:
    """Split metrics into the figures that every run has and the others; of two names for a figure, the first counts."""
    known: dict[Known, float] = {}
    others: dict[str, float] = {}
    for name, value in metrics.items():
        figure = known_metric(name)
        if figure is None or figure in known:
            others[name] = value
        else:
            known[figure] = value
    return known, others


def _add_epoch(db: sqlite3.Connection, run_id: str, step: int, known: Mapping[Known, float], seconds: float) -> None:
    # Replace, not update: a new sequence number makes it visible to readers with a cursor.
    columns = ", ".join(KNOWN)
    values = ", ".join(f"coalesce(?, old.{name})" for name in KNOWN)
    db.execute(
        f"INSERT OR REPLACE INTO epochs (run, epoch, {columns}, seconds) "
        f"SELECT ?, ?, {values}, ? FROM (SELECT 1) LEFT JOIN epochs AS old ON old.run = ? AND old.epoch = ?",
        (run_id, step, *(_or_null(known.get(name)) for name in KNOWN), seconds, run_id, step),
    )


def _move_on(db: sqlite3.Connection, run_id: str, step: int, known: Mapping[Known, float], seconds: float) -> None:
    values = (known.get(name) for name in ("test_loss", "test_accuracy", "images_per_second"))
    db.execute(
        "UPDATE runs SET test_loss = coalesce(?, test_loss), test_accuracy = coalesce(?, test_accuracy), "
        "images_per_second = coalesce(?, images_per_second), seconds = ?, "
        "progress = CASE WHEN epochs > 0 THEN min(1.0, max(progress, 1.0 * ? / epochs)) ELSE 0 END WHERE id = ?",
        (*(_or_null(value) for value in values), seconds, step, run_id),
    )


def _or_null(value: float | None) -> float | None:
    """Replace NaN and infinity by `None`: SQLite has no NaN, and JSON no infinity."""
    return value if value is not None and math.isfinite(value) else None


def _planned(config: Mapping[str, Any]) -> int:
    """Return the number of epochs that a config plans, or 0 if it does not say."""
    epochs = as_settings(json.dumps(config)).get("epochs", 0)
    return int(epochs) if 0 < epochs < LARGEST_STEP else 0
