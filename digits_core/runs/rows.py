"""The rows of the tables of runs, one class per table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from digits_core.config import RunConfig, TrainingConfig, bounds
from digits_core.training.control import Orders
from digits_core.training.events import Setting

Status = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed", "interrupted"]
LIVE: tuple[Status, ...] = ("queued", "running", "paused")
RESUMABLE: tuple[Status, ...] = ("interrupted", "stopped", "failed")
"""Statuses of runs that ended before their last epoch, and would not end the same way again."""
CONTINUABLE: tuple[Status, ...] = ("finished", "interrupted", "stopped", "failed")

StopReason = Literal["", "underperforming", "with its sweep"]
"""Why a sweep stopped its trial; "" if a person stopped it, or it was not stopped."""

Kept = Literal["current", "archived", "deleted"]
"""Where a run is: in the lists, in the archive, or deleted until it is restored."""

What = Literal["learning_rate", "epochs", "paused", "resumed", "stopped", "restarted"]


# Runs are read again for each view of a page; configs never change, and reading one takes as long as reading ten runs.
_config = lru_cache(maxsize=4096)(RunConfig.from_json)


SHIPPED = "shipped"
"""Environment entry of a run that came with Digits Lab: where it was trained."""
CHANGED_AFTERWARDS = "weights_changed"
"""Environment entry of a run whose weights were changed after training: the original run, and the change."""


OTHER_LAYERS = "Its network was traced from somebody else's code: this needs one of the app's own layers."
NOT_TRAINED_HERE = "Digits Lab did not train this run: it has what was logged of it, and not its loop."


class HandChange(NamedTuple):
    """A setting that was changed while a run trained: its new value, after `batch` of `epoch`."""

    what: Setting
    value: float
    epoch: int
    batch: int


def by_hand(by_hand_json: str, schedule: str) -> tuple[HandChange, ...]:
    """Return the changes made by hand that make a run with this schedule differ from its plan."""
    made = (HandChange(*each) for each in json.loads(by_hand_json))
    # Without a schedule, an epoch that was added is like one that was planned from the beginning.
    return tuple(each for each in made if each.what == "learning_rate" or schedule != "constant")


@dataclass(frozen=True)
class Run:
    """One row of the table of runs. Times in seconds since 1970, accuracy and progress as fractions of 1.

    `seconds` is the time spent training so far, without pauses. `parent` is the run that this one continues, or "";
    `session` who queued it; `sweep` the sweep that it is a trial of, or "". `position` is its place in the queue, 1 the
    next to start; 0 if it does not wait. `archived` and `deleted` are the times at which that happened. `by_hand_json`
    is the list of learning rates and numbers of epochs that were set by hand, in order. `weights` is the number of
    complete epochs of the saved weights; `None` if none are saved. `stop_reason` is set when a sweep asks a trial to
    stop; it is meaningful only if the run then stopped. `origin` is the program that trained a run that this app did
    not train, else ""; the config of such a run is in `logged_config_json`, and its `config` is meaningless.
    """

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
    parent: str
    session: str
    position: int
    epochs: int
    orders_json: str
    note: str
    tags_json: str
    archived: float | None
    deleted: float | None
    sweep: str
    by_hand_json: str
    weights: int | None
    stop_reason: StopReason
    origin: str
    logged_config_json: str

    @property
    def rests_with_its_sweep(self) -> bool:
        """Whether it ended only because its sweep was stopped or its process ended, and will resume with the sweep."""
        return self.status == "interrupted" or (self.status == "stopped" and self.stop_reason == "with its sweep")

    @cached_property
    def config(self) -> RunConfig:
        """The initial config of the run; `plan` also has the number of epochs planned since."""
        return _config(self.config_json)

    @cached_property
    def plan(self) -> RunConfig:
        """The settings that the run is compared, shown and exported by: its config with the epochs planned by now.

        A learning rate that was changed by hand is no longer a single number: the plan has the initial one, and
        `by_hand` the later ones.
        """
        training = self.config.training
        if self.planned_epochs == training.epochs:
            return self.config
        return self.config.replace(training=training.replace(epochs=self.planned_epochs))

    @property
    def by_hand(self) -> tuple[HandChange, ...]:
        """The changes made by hand that make the run differ from its plan, in order."""
        return by_hand(self.by_hand_json, self.config.training.schedule)

    @cached_property
    def environment(self) -> dict[str, Any]:
        return json.loads(self.environment_json)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        return tuple(json.loads(self.tags_json))

    @property
    def orders(self) -> Orders:
        """The latest requests to the run; `RunStore.changes` shows which have taken effect."""
        return Orders.from_json(self.orders_json)

    @property
    def shipped(self) -> bool:
        """Whether the run came with Digits Lab, trained on another machine."""
        return SHIPPED in self.environment

    @property
    def changed_afterwards(self) -> str:
        """The run that the weights are from and how they were changed, or "" for a run with the weights it trained."""
        # The environment is long, and few runs were changed: a page compares up to two thousand.
        return self.environment.get(CHANGED_AFTERWARDS, "") if CHANGED_AFTERWARDS in self.environment_json else ""

    @property
    def is_logged(self) -> bool:
        """Whether this app did not train the run, so that it has only logged data."""
        return bool(self.origin)

    @cached_property
    def logged_config(self) -> dict[str, Any]:
        """The settings that a logged run reported, by its own names."""
        return json.loads(self.logged_config_json)

    @property
    def threads(self) -> int:
        """The number of threads that it trains with; 0 if that is not decided yet."""
        return self.environment.get("threads", 0)

    @property
    def planned_epochs(self) -> int:
        """The total number of epochs, with those that were added while it trained; 0 if unknown for a logged run."""
        return self.epochs if self.is_logged else self.epochs or self.config.training.epochs

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def waits(self) -> bool:
        """True if it waits in the queue, where it can be moved or removed."""
        return self.status == "queued" and self.position > 0

    @property
    def title(self) -> str:
        """The number and name of the run, as shown to users: `#3 Lecture`."""
        return f"#{self.number} {self.name}"


def why_not_continued(run: Run, epochs_done: int, has_checkpoint: bool) -> str:
    """Return why a run cannot be trained for more epochs, or "" if it can."""
    most = bounds(TrainingConfig, "epochs").high
    if run.is_logged:
        return NOT_TRAINED_HERE
    if run.live:
        return "It has not ended yet."
    if run.status not in CONTINUABLE:
        return f"It has {run.status}: train again with other settings."
    if not epochs_done:
        return "It ended before its first epoch did: there is nothing to continue from."
    if not has_checkpoint:
        return "Its last checkpoint is not on this machine: there is nothing to continue from."
    return "" if epochs_done < most else f"A run trains {most:,} epochs at most."


@dataclass(frozen=True)
class EpochRow:
    """One epoch of one run as stored, NaN for what was not logged; `sequence` grows over all runs."""

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

    @classmethod
    def read(cls, row: Iterable[Any]) -> EpochRow:
        """Return the epoch in a row of the table."""
        values = tuple(row)
        return cls(*(math.nan if value is None else value for value in values) if None in values else values)


@dataclass(frozen=True)
class BatchRow:
    """The loss of one batch and the learning rate at about that time; a long run stores only some of its batches."""

    sequence: int
    epoch: int
    batch: int
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class DetailRow:
    """The details of one epoch: see `EpochFinished`."""

    epoch: int
    gradient_norms: dict[str, float]
    weight_norms: dict[str, float]
    confusion: list[list[int]]
    watched: list[list[float]]


@dataclass(frozen=True)
class ChangeRow:
    """A change made to a run by hand, after `batch` of `epoch`; only `learning_rate` and `epochs` have a `value`."""

    sequence: int
    what: What
    value: float | None
    epoch: int
    batch: int
    created: float


@dataclass(frozen=True)
class News:
    """New epochs after a cursor, oldest first, and the cursor for the next request."""

    epochs: list[EpochRow]
    cursor: int
