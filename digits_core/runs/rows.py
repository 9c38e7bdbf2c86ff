"""What the tables of runs hold, one record a row."""

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
"""What ended before its last epoch, and would not end the same way again."""
CONTINUABLE: tuple[Status, ...] = ("finished", "interrupted", "stopped", "failed")

StopReason = Literal["", "underperforming", "with its sweep"]
"""Why its sweep stopped a trial: "" if a person did, or nobody."""

Kept = Literal["current", "archived", "deleted"]
"""Where a run is: in the lists, out of the way, or gone until it is brought back."""

What = Literal["learning_rate", "epochs", "paused", "resumed", "stopped", "restarted"]


# Runs are read again for each view of a page; configs never change, and reading one takes as long as reading ten runs.
_config = lru_cache(maxsize=4096)(RunConfig.from_json)


SHIPPED = "shipped"
"""In the environment of a run: where it was trained, if that was before it came with Digits Lab."""
CHANGED_AFTERWARDS = "weights_changed"
"""In the environment of a run: whose weights it has, and what was done to them after that training."""


OTHER_LAYERS = "Its network was traced from somebody else's code: this needs one of the app's own layers."
NOT_TRAINED_HERE = "Digits Lab did not train this run: it has what was logged of it, and not its loop."


class HandChange(NamedTuple):
    """A setting that was changed while a run trained: what it was set to, after `batch` of `epoch`."""

    what: Setting
    value: float
    epoch: int
    batch: int


def by_hand(by_hand_json: str, schedule: str) -> tuple[HandChange, ...]:
    """Read what was changed by hand, as far as it makes a run with that schedule another one than its plan."""
    made = (HandChange(*each) for each in json.loads(by_hand_json))
    # Without a schedule, an epoch that was added is like one that was planned from the beginning.
    return tuple(each for each in made if each.what == "learning_rate" or schedule != "constant")


@dataclass(frozen=True)
class Run:
    """One row of the table of runs. Times in seconds since 1970, accuracy and progress as fractions of 1.

    `seconds` is the time spent training so far, without pauses. `parent` is the run that this one continues, or "";
    `session` who queued it; `sweep` the sweep that it is a trial of, or "". `position` is its place in the queue, 1 the
    next to start; 0 where it does not wait. `archived` and `deleted` say since when it is that. `by_hand_json` is the
    list of learning rates and numbers of epochs that were set by hand, in order. `weights` says how many whole epochs
    the kept weights have behind them; `None` where none are kept. `stop_reason` is set when a sweep asks a trial to
    stop; it says why only if the run then stopped. `origin` says which program trained a run that this app did not,
    "" for one that it did; the config of the former is in `logged_config_json`, and its `config` means nothing.
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
        """Whether it ended only because its sweep was stopped or its process ended, and goes on with the sweep."""
        return self.status == "interrupted" or (self.status == "stopped" and self.stop_reason == "with its sweep")

    @cached_property
    def config(self) -> RunConfig:
        """What the run began with; `plan` also has what was changed since."""
        return _config(self.config_json)

    @cached_property
    def plan(self) -> RunConfig:
        """The settings that the run is compared, shown and exported by: its config with the epochs planned by now.

        A learning rate that was changed by hand is not one number any more: the plan has the one that the run began
        with, and `by_hand` says what came after.
        """
        training = self.config.training
        if self.planned_epochs == training.epochs:
            return self.config
        return self.config.replace(training=training.replace(epochs=self.planned_epochs))

    @property
    def by_hand(self) -> tuple[HandChange, ...]:
        """What was changed by hand that makes the run another one than its plan, in order."""
        return by_hand(self.by_hand_json, self.config.training.schedule)

    @cached_property
    def environment(self) -> dict[str, Any]:
        return json.loads(self.environment_json)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        return tuple(json.loads(self.tags_json))

    @property
    def orders(self) -> Orders:
        """What was last wished of it; whether it has obeyed, `changes` says."""
        return Orders.from_json(self.orders_json)

    @property
    def shipped(self) -> bool:
        """Return True for a run that came with Digits Lab: another machine trained it."""
        return SHIPPED in self.environment

    @property
    def changed_afterwards(self) -> str:
        """Say whose weights it has and what was done to them; an empty text for a run that was trained as it says."""
        return self.environment.get(CHANGED_AFTERWARDS, "")

    @property
    def is_logged(self) -> bool:
        """Return True for a run that this app did not train: it only has what was logged of it."""
        return bool(self.origin)

    @cached_property
    def logged_config(self) -> dict[str, Any]:
        """What the loop of a logged run said of its settings, by its own names."""
        return json.loads(self.logged_config_json)

    @property
    def threads(self) -> int:
        """With how many threads it trains; 0 while that is yet to be decided."""
        return self.environment.get("threads", 0)

    @property
    def planned_epochs(self) -> int:
        """How many epochs in all, with those that were added while it trained; 0 if a logged run does not say."""
        return self.epochs if self.is_logged else self.epochs or self.config.training.epochs

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def waits(self) -> bool:
        """Whether it stands in the queue, where it can be moved and taken out."""
        return self.status == "queued" and self.position > 0

    @property
    def title(self) -> str:
        """What a person calls the run: `#3 Lecture`."""
        return f"#{self.number} {self.name}"


def why_not_continued(run: Run, epochs_done: int, has_checkpoint: bool) -> str:
    """Say why a run cannot be trained for more epochs; an empty text where it can."""
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
        """Return what a row of the table holds."""
        values = tuple(row)
        return cls(*(math.nan if value is None else value for value in values) if None in values else values)


@dataclass(frozen=True)
class BatchRow:
    """The loss of one batch and the learning rate at about that time; a long run keeps every so many only."""

    sequence: int
    epoch: int
    batch: int
    loss: float
    learning_rate: float


@dataclass(frozen=True)
class DetailRow:
    """What was looked at once an epoch: see `EpochFinished`."""

    epoch: int
    gradient_norms: dict[str, float]
    weight_norms: dict[str, float]
    confusion: list[list[int]]
    watched: list[list[float]]


@dataclass(frozen=True)
class ChangeRow:
    """What was done to a run by hand, after `batch` of `epoch`; `value` for `learning_rate` and `epochs` alone."""

    sequence: int
    what: What
    value: float | None
    epoch: int
    batch: int
    created: float


@dataclass(frozen=True)
class News:
    """What happened after a cursor: new epochs, oldest first, and the cursor to ask with next time."""

    epochs: list[EpochRow]
    cursor: int
