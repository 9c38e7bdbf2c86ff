"""The stored sweeps: their plans, their status, and the runs that are their trials."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from digits_core.config import RunConfig
from digits_core.database import Database
from digits_core.errors import RunError
from digits_core.runs import heartbeat, queue
from digits_core.runs.numbers import next_number
from digits_core.runs.rows import EpochRow, Run
from digits_core.runs.store import new_id
from digits_core.settings import by_name
from digits_core.training.config_fields import value_of
from digits_core.training.sweep_plan import SweepPlan
from digits_core.training.trials import Group, State, Trial

SweepStatus = Literal["running", "paused", "stopped", "interrupted", "finished", "failed"]
CONDUCTED: tuple[SweepStatus, ...] = ("running", "paused")
"""Statuses of sweeps that a process conducts."""
CONTINUABLE: tuple[SweepStatus, ...] = ("paused", "stopped", "interrupted", "failed")


@dataclass(frozen=True)
class Sweep:
    """One row of the table of sweeps. Times in seconds since 1970; `session` is the session that started it."""

    id: str
    number: int
    name: str
    status: SweepStatus
    plan_json: str
    owner: str
    session: str
    created: float
    finished: float | None
    message: str
    deleted: float | None

    @cached_property
    def plan(self) -> SweepPlan:
        return SweepPlan.from_json(self.plan_json)

    @property
    def title(self) -> str:
        """The title shown to users: `Sweep 2 · learning rate × batch size`."""
        return f"Sweep {self.number} · {self.name}"

    @property
    def conducted(self) -> bool:
        return self.status in CONDUCTED


class SweepStore:
    """Access to the table of sweeps, and to the runs of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, plan: SweepPlan, owner: str, session: str = "") -> Sweep:
        """Insert a sweep as running and return it."""
        sweep_id = new_id()
        with self._database.write() as db:
            number = next_number(db, "sweeps")
            db.execute(
                "INSERT INTO sweeps (id, number, name, status, plan, owner, session, created) "
                "VALUES (?, ?, ?, 'running', ?, ?, ?, ?)",
                (sweep_id, number, plan.title, plan.to_json(), owner, session, time.time()),
            )
            heartbeat.beat(db, owner)
        return self.get(sweep_id)

    def sweeps(self) -> list[Sweep]:
        """Return every sweep except the deleted ones, newest first."""
        return self._select("SELECT * FROM sweeps WHERE deleted IS NULL ORDER BY number DESC")

    def of_owner(self, owner: str) -> list[Sweep]:
        """Return the sweeps that a process conducts, and those that have ended but still have live trials."""
        return self._select(
            "SELECT * FROM sweeps WHERE owner = ? AND (status IN ('running', 'paused') OR EXISTS (SELECT 1 FROM runs "
            "WHERE sweep = sweeps.id AND runs.status IN ('queued', 'running', 'paused'))) ORDER BY number",
            owner,
        )

    def get(self, sweep_id: str) -> Sweep:
        """Return the sweep with this id; raises `RunError` if it does not exist."""
        found = self._select("SELECT * FROM sweeps WHERE id = ?", sweep_id)
        if not found:
            raise RunError(f"There is no sweep {sweep_id!r}: the Runs page lists those there are.")
        return found[0]

    def find(self, reference: str) -> Sweep:
        """Return the sweep for a user's reference: an id, its unique prefix, or `latest`."""
        found = [
            each for each in self.sweeps() if reference == "latest" or (reference and each.id.startswith(reference))
        ]
        if reference == "latest" and found:
            return found[0]
        if len(found) == 1:
            return found[0]
        if found:
            raise RunError(f"{reference!r} is the beginning of {len(found)} sweeps: add more of the id.")
        raise RunError(f"There is no sweep {reference!r}. Start one: python -m digits_core sweep --vary KEY=V1,V2")

    def runs(self, sweep_id: str) -> list[Run]:
        """Return its trials, oldest first, including deleted ones, because these were tried too."""
        with self._database.read() as db:
            return [Run(*row) for row in db.execute("SELECT * FROM runs WHERE sweep = ? ORDER BY number", (sweep_id,))]

    def set_status(self, sweep_id: str, status: SweepStatus, before: Sequence[SweepStatus], message: str = "") -> bool:
        """Change the status; return False if the current status is not in `before`."""
        marks = ", ".join("?" * len(before))
        ended = None if status in CONDUCTED else time.time()
        with self._database.write() as db:
            return bool(
                db.execute(
                    f"UPDATE sweeps SET status = ?, finished = ?, message = ? WHERE id = ? AND status IN ({marks})",
                    (status, ended, message, sweep_id, *before),
                ).rowcount
            )

    def adopt(self, sweep_id: str, owner: str) -> bool:
        """Resume a sweep under a new owner; return False if another process was faster."""
        marks = ", ".join("?" * len(CONTINUABLE))
        with self._database.write() as db:
            adopted = db.execute(
                "UPDATE sweeps SET status = 'running', owner = ?, finished = NULL, message = '' "
                f"WHERE id = ? AND status IN ({marks})",
                (owner, sweep_id, *CONTINUABLE),
            ).rowcount
            if adopted:
                heartbeat.forget_loss(db, sweep_id)
                heartbeat.beat(db, owner)
            return bool(adopted)

    def withdraw(self, sweep_id: str) -> None:
        """Delete the queued trials that have never trained."""
        with self._database.write() as db:
            db.execute(f"DELETE FROM runs WHERE sweep = ? AND {queue.WAITING} AND started IS NULL", (sweep_id,))
            queue.write_order(db, queue.waiting_ids(db))

    def delete(self, sweep_id: str) -> None:
        """Hide a sweep that is not running or paused from the list until it is restored; its runs stay listed."""
        with self._database.write() as db:
            db.execute(
                "UPDATE sweeps SET deleted = ? WHERE id = ? AND status NOT IN ('running', 'paused')",
                (time.time(), sweep_id),
            )

    def restore(self, sweep_id: str) -> None:
        with self._database.write() as db:
            db.execute("UPDATE sweeps SET deleted = NULL WHERE id = ?", (sweep_id,))

    def _select(self, query: str, *values: Any) -> list[Sweep]:
        with self._database.read() as db:
            return [Sweep(*row) for row in db.execute(query, values)]


def as_trial(plan: SweepPlan, run: Run, epochs: Sequence[EpochRow]) -> Trial:
    """Return a run as a trial of its sweep."""
    settings, seed = _settings(run.config_json, plan.fields)
    return Trial(
        settings,
        seed,
        state_of(run),
        run.test_accuracy if run.status not in ("diverged", "failed") else None,
        tuple(row.test_accuracy for row in epochs),
    )


def best_run(plan: SweepPlan, group: Group, runs: Sequence[Run]) -> Run:
    """Return the run with the highest accuracy among those with the settings of `group`."""
    mine = [run for run in runs if as_trial(plan, run, ()).settings == group.settings]
    return max(mine, key=lambda run: run.test_accuracy or 0.0)


def state_of(run: Run) -> State:
    """Return the state of a run as a trial; one that rests together with its sweep still counts as live."""
    if run.status in ("diverged", "failed"):
        return "failed"
    if run.live or run.rests_with_its_sweep:
        return "live"
    return "pruned" if run.status == "stopped" and run.stop_reason == "underperforming" else "complete"


@lru_cache(maxsize=4096)
def _settings(config_json: str, fields: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    """Return the values of these fields and the seed; cached, since a sweep polls its trials several times a second."""
    config = RunConfig.from_json(config_json)
    return {field: by_name(field, value_of(config, field)) for field in fields}, config.training.seed
