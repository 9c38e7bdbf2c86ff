"""What a run did in the order in which it did it: what its script and its notebook must do again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from digits_core.errors import ExportError
from digits_core.runs.export.run_history import History
from digits_core.runs.rows import NOT_TRAINED_HERE


@dataclass(frozen=True)
class Turn:
    """Something that changed on the way: after `batch` of `epoch`, 0 for before its first batch.

    `value` is the learning rate from there on, or how many epochs the schedule is long, now or from there on.
    """

    epoch: int
    batch: int
    what: Literal["learning rate", "longer", "anew"]
    value: float


@dataclass(frozen=True)
class Plan:
    """`epochs` are those of its first schedule, `planned` those in all, and `done` those that it has behind it."""

    epochs: int
    planned: int
    done: int
    turns: tuple[Turn, ...]


def plan_of(history: History, find: Callable[[str], History]) -> Plan:
    """Return the plan of a run; `find` gives the run that one continues, by its id.

    A run that continues another repeats its epochs too. `ExportError` for a run that still trains or has no epoch.
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
    """Return the run and all that it continues, the first one first."""
    legs = [history]
    while legs[0].run.parent:
        legs.insert(0, find(legs[0].run.parent))
    return legs


def _turns_of_schedule(legs: Sequence[History], place: int, leg: History) -> list[Turn]:
    """Return how one leg's schedule begins and where it was extended; later ones start anew over what they add."""
    behind = (legs[place - 1].run.weights or 0) if place else 0
    begin = [Turn(behind + 1, 0, "anew", leg.run.config.training.epochs - behind)] if place else []
    last = place == len(legs) - 1
    return begin + [
        Turn(change.epoch, change.batch, "longer", int(change.value) - behind)
        for change in leg.changes
        if change.what == "epochs" and change.value and (last or change.epoch <= len(leg.epochs))
    ]
