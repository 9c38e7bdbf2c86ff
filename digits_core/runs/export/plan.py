"""The course of a run in order, for its script and its notebook to repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from digits_core.errors import ExportError
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import NOT_TRAINED_HERE


@dataclass(frozen=True)
class Turn:
    """A change during training, after `batch` of `epoch`; 0 is before its first batch.

    `value` is the learning rate from there on, the new length of the schedule in epochs ("longer"), or the length of
    the schedule that begins there ("anew").
    """

    epoch: int
    batch: int
    what: Literal["learning rate", "longer", "anew"]
    value: float


@dataclass(frozen=True)
class Plan:
    """Epochs and changes of a run: `epochs` of its first schedule, `planned` in total, `done` so far."""

    epochs: int
    planned: int
    done: int
    turns: tuple[Turn, ...]


def plan_of(history: History, find: Callable[[str], History]) -> Plan:
    """Return the plan of a run; `find` returns the run with a given id, to look up the runs that it continues.

    The plan includes the epochs of those runs. Raises `ExportError` if the run is still training, has no epoch, or was
    not trained by this app.
    """
    run = history.run
    if run.is_logged:
        raise ExportError(NOT_TRAINED_HERE)
    if run.live:
        raise ExportError(f"{run.title} still trains: its script and notebook can be had when it has ended.")
    if not history.epochs:
        raise ExportError(f"{run.title} ended before its first epoch did: there is nothing for a script to repeat.")
    rates = [
        Turn(change.epoch, change.batch, "learning rate", change.value)
        for change in history.changes
        if change.what == "learning_rate" and change.value
    ]
    if run.config.training.schedule == "constant":
        return Plan(run.planned_epochs, run.planned_epochs, len(history.epochs), tuple(rates))
    legs = _legs(history, find)
    turns = [turn for place, leg in enumerate(legs) for turn in _turns_of_schedule(legs, place, leg)]
    return Plan(
        legs[0].run.config.training.epochs,
        run.planned_epochs,
        len(history.epochs),
        tuple(sorted([*turns, *rates], key=lambda turn: (turn.epoch, turn.batch, turn.what != "anew"))),
    )


def _legs(history: History, find: Callable[[str], History]) -> list[History]:
    """Return the run and all runs that it continues, the earliest first."""
    legs = [history]
    while legs[0].run.parent:
        legs.insert(0, find(legs[0].run.parent))
    return legs


def _turns_of_schedule(legs: Sequence[History], place: int, leg: History) -> list[Turn]:
    """Return the start and the extensions of one leg's schedule; later legs start anew over the epochs they add."""
    behind = (legs[place - 1].run.weights or 0) if place else 0
    begin = [Turn(behind + 1, 0, "anew", leg.run.config.training.epochs - behind)] if place else []
    last = place == len(legs) - 1
    return begin + [
        Turn(change.epoch, change.batch, "longer", int(change.value) - behind)
        for change in leg.changes
        if change.what == "epochs" and change.value and (last or change.epoch <= len(leg.epochs))
    ]
