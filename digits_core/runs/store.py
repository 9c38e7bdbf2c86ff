"""The runs in the database: created queued, moved on by the events of their training, read by pages.

Each run has one owner, the process that applies its events; readers ask for what is newer than their cursor.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from digits_core.config import RunConfig
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.training.events import EpochFinished, Event, Failed, Finished, Progress, Started

Status = Literal["queued", "running", "finished", "stopped", "diverged", "failed", "interrupted"]
LIVE: tuple[Status, ...] = ("queued", "running")
_IS_LIVE = "status IN ('queued', 'running')"


@dataclass(frozen=True)
class Run:
    """One row of the table of runs. Times in seconds since 1970, accuracy and progress as fractions of 1."""

    id: str
    number: int
    name: str
    recipe: str
    status: Status
    config_json: str
    environment_json: str
    owner: str
    created: float
    started: float | None
    finished: float | None
    progress: float
    images_per_second: float | None
    seconds: float | None
    test_loss: float | None
    test_accuracy: float | None
    message: str

    @cached_property
    def config(self) -> RunConfig:
        return RunConfig.from_json(self.config_json)

    @cached_property
    def environment(self) -> dict[str, Any]:
        return json.loads(self.environment_json)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def title(self) -> str:
        """What a person calls the run: `#3 Lecture`."""
        return f"#{self.number} {self.name}"


@dataclass(frozen=True)
class EpochRow:
    """One epoch of one run as stored; `sequence` grows over all runs."""

    sequence: int
    run: str
    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class News:
    """What happened after a cursor: new epochs, oldest first, and the cursor to ask with next time."""

    epochs: list[EpochRow]
    cursor: int


class RunStore:
    """All access to the tables of runs and epochs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, config: RunConfig, owner: str) -> Run:
        """Write a run as queued and return it."""
        run_id = secrets.token_hex(4)
        with self._database.write() as db:
            number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()[0]
            name = config.name.strip() or config.recipe or "Run"
            db.execute(
                "INSERT INTO runs (id, number, name, recipe, status, config, owner, created) "
                "VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
                (run_id, number, name, config.recipe, config.to_json(), owner, time.time()),
            )
        return self.get(run_id)

    def apply(self, run_id: str, event: Event) -> None:
        """Bring a run up to date with an event. A repeated one, or one after the end, changes nothing."""
        with self._database.write() as db:
            match event:
                case Started():
                    db.execute(
                        "UPDATE runs SET status = 'running', started = coalesce(started, ?), environment = ? "
                        f"WHERE id = ? AND {_IS_LIVE}",
                        (time.time(), json.dumps(event.environment), run_id),
                    )
                case Progress():
                    db.execute(
                        f"UPDATE runs SET progress = ?, images_per_second = ? WHERE id = ? AND {_IS_LIVE}",
                        (event.share, event.images_per_second, run_id),
                    )
                case EpochFinished():
                    _add_epoch(db, run_id, event)
                case Finished():
                    _end(db, run_id, event.outcome, event)
                case Failed():
                    _end(db, run_id, "failed", event)

    def runs(self) -> list[Run]:
        """Every run, newest first."""
        return self._select("SELECT * FROM runs ORDER BY number DESC")

    def live(self) -> list[Run]:
        """What trains or waits for its turn, oldest first."""
        return self._select(f"SELECT * FROM runs WHERE {_IS_LIVE} ORDER BY number")

    def get(self, run_id: str) -> Run:
        """The run of that id; `RunError` where there is none."""
        found = self._select("SELECT * FROM runs WHERE id = ?", run_id)
        if not found:
            raise RunError(
                f"There is no run {run_id!r}: it may have been deleted. The Runs page lists those there are."
            )
        return found[0]

    def find(self, reference: str) -> Run:
        """The run that a person means: an id, its unique beginning, or `latest` (the last that can be used)."""
        if reference == "latest":
            usable = self.usable()
            if not usable:
                raise RunError("There is no trained run yet. Train one first: python -m digits_core train")
            return usable[0]
        found = self._select("SELECT * FROM runs WHERE substr(id, 1, ?) = ?", len(reference), reference)
        if len(found) == 1 and reference:
            return found[0]
        if found and reference:
            raise RunError(f"{reference!r} is the beginning of {len(found)} runs: add more of the id.")
        raise RunError(f"There is no run {reference!r}. List them: python -m digits_core runs")

    def usable(self) -> list[Run]:
        """The runs that hold weights to recognise with, newest first."""
        return self._select(
            "SELECT * FROM runs WHERE status IN ('finished', 'stopped', 'interrupted') AND test_accuracy IS NOT NULL "
            "ORDER BY number DESC"
        )

    def epochs(self, run_ids: Sequence[str]) -> dict[str, list[EpochRow]]:
        """The epochs of each of these runs, in order; an empty list for a run that has none."""
        marks = ", ".join("?" * len(run_ids))
        with self._database.read() as db:
            rows = db.execute(f"SELECT * FROM epochs WHERE run IN ({marks}) ORDER BY run, epoch", list(run_ids))
            by_run: dict[str, list[EpochRow]] = {run_id: [] for run_id in run_ids}
            for row in rows:
                by_run[row["run"]].append(EpochRow(*row))
        return by_run

    def news(self, cursor: int) -> News:
        """The epochs written after `cursor` (0: all), over all runs."""
        with self._database.read() as db:
            rows = db.execute("SELECT * FROM epochs WHERE sequence > ? ORDER BY sequence", (cursor,)).fetchall()
        epochs = [EpochRow(*row) for row in rows]
        return News(epochs, epochs[-1].sequence if epochs else cursor)

    def cursor(self) -> int:
        """The cursor that `news` would return now: it has grown if any run finished an epoch."""
        with self._database.read() as db:
            return db.execute("SELECT coalesce(max(sequence), 0) FROM epochs").fetchone()[0]

    def interrupt_orphans(self, is_alive: Callable[[str], bool]) -> list[Run]:
        """Mark the live runs whose owner has gone as interrupted, and return them."""
        orphans = [run.id for run in self.live() if not is_alive(run.owner)]
        self.interrupt(orphans, "The app ended while this run was training. What it had learnt is kept.")
        return [self.get(run_id) for run_id in orphans]

    def interrupt(self, run_ids: Sequence[str], message: str) -> None:
        """Mark these runs as interrupted, but for those that have ended already."""
        with self._database.write() as db:
            for run_id in run_ids:
                db.execute(
                    f"UPDATE runs SET status = 'interrupted', finished = ?, message = ? WHERE id = ? AND {_IS_LIVE}",
                    (time.time(), message, run_id),
                )

    def _select(self, query: str, *values: Any) -> list[Run]:
        with self._database.read() as db:
            return [Run(*row) for row in db.execute(query, values)]


def _add_epoch(db: sqlite3.Connection, run_id: str, event: EpochFinished) -> None:
    # A training that goes on from a checkpoint reports its earlier epochs again: they are there already.
    db.execute(
        "INSERT OR IGNORE INTO epochs (run, epoch, train_loss, train_accuracy, test_loss, test_accuracy, "
        "learning_rate, images_per_second, seconds) "
        f"SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM runs WHERE id = ? AND {_IS_LIVE})",
        (
            run_id, event.epoch, event.train_loss, event.train_accuracy, event.test_loss, event.test_accuracy,
            event.learning_rate, event.images_per_second, event.seconds, run_id,
        ),
    )  # fmt: skip
    db.execute(
        "UPDATE runs SET test_loss = ?, test_accuracy = ?, images_per_second = ?, "
        f"progress = max(progress, ?) WHERE id = ? AND {_IS_LIVE}",
        (event.test_loss, event.test_accuracy, event.images_per_second, event.epoch / event.epochs, run_id),
    )


def _end(db: sqlite3.Connection, run_id: str, status: Status, event: Finished | Failed) -> None:
    finished = event if isinstance(event, Finished) else None
    db.execute(
        "UPDATE runs SET status = ?, finished = ?, message = ?, seconds = coalesce(?, seconds), "
        "test_loss = coalesce(?, test_loss), test_accuracy = coalesce(?, test_accuracy), "
        f"progress = CASE WHEN ? = 'finished' THEN 1 ELSE progress END WHERE id = ? AND {_IS_LIVE}",
        (
            status, time.time(), event.message, finished and finished.seconds, finished and finished.test_loss,
            finished and finished.test_accuracy, status, run_id,
        ),
    )  # fmt: skip
