"""What a training run reports while it runs: plain frozen records that travel between processes as dictionaries."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Outcome = Literal["finished", "stopped", "diverged"]
Setting = Literal["learning_rate", "epochs"]


@dataclass(frozen=True)
class Event:
    """The base of all events; `kind` is their name in JSON."""

    kind: ClassVar[str]

    def as_dict(self) -> dict[str, Any]:
        return {"event": self.kind, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class Started(Event):
    """The data is ready and the first batch comes next; with what the numbers depend on."""

    kind = "started"
    epochs: int
    train_images: int
    test_images: int
    environment: dict[str, Any]


@dataclass(frozen=True)
class Progress(Event):
    """Within an epoch, at most five a second: `batch` of `batches` are done, `train_loss` is the mean over them.

    `losses` are those of single batches since the last report, thinned; `loss_batches` says which. `seconds` is the
    time spent training so far, without pauses.
    """

    kind = "progress"
    epoch: int
    epochs: int
    batch: int
    batches: int
    train_loss: float
    images_per_second: float
    learning_rate: float
    seconds: float
    losses: list[float] = field(default_factory=list)
    loss_batches: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How much of the whole training is done, 0 to 1."""
        return (self.epoch - 1 + self.batch / self.batches) / self.epochs


@dataclass(frozen=True)
class EpochFinished(Event):
    """One epoch and its evaluation. Accuracies are fractions of 1, losses means per image.

    Training loss and accuracy are those of the batches as they were learnt from, dropout and augmentation included;
    `images_per_second` counts training alone, `seconds` the epoch with its test evaluation. The norms are Euclidean, by
    layer, the gradient's a mean over some batches of the epoch; `confusion` counts test images, a row per true digit;
    `watched` are the probabilities of ten digits for each of the test images that are watched. `kept` says whether the
    weights are in the run's folder by now: those of another machine are received later.
    """

    kind = "epoch"
    epoch: int
    epochs: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float
    losses: list[float] = field(default_factory=list)
    loss_batches: list[int] = field(default_factory=list)
    gradient_norms: dict[str, float] = field(default_factory=dict)
    weight_norms: dict[str, float] = field(default_factory=dict)
    confusion: list[list[int]] = field(default_factory=list)
    watched: list[list[float]] = field(default_factory=list)
    kept: bool = True

    def lecture_line(self) -> str:
        """The line that the lecture's loop prints."""
        return lecture_line(self.epoch, self.epochs, self.train_loss, self.test_accuracy)


@dataclass(frozen=True)
class Paused(Event):
    """The training rests after `batch` of `epoch`; `left` where it has made room for another and this task is over."""

    kind = "paused"
    epoch: int
    batch: int
    left: bool = False


@dataclass(frozen=True)
class Resumed(Event):
    """The training goes on where it rested."""

    kind = "resumed"
    epoch: int
    batch: int


@dataclass(frozen=True)
class Changed(Event):
    """By hand, `what` is `value` from here on: after `batch` of `epoch`, 0 for before its first batch."""

    kind = "changed"
    what: Setting
    value: float
    epoch: int
    batch: int


@dataclass(frozen=True)
class Finished(Event):
    """The last event of a training; test figures are those of the weights that are kept, `None` if none are.

    A training that was stopped had done `batch` batches of the epoch after its last.
    """

    kind = "finished"
    outcome: Outcome
    epochs_done: int
    test_loss: float | None
    test_accuracy: float | None
    seconds: float
    message: str = ""
    batch: int = 0


@dataclass(frozen=True)
class Failed(Event):
    """The training could not go on; `message` is for the person who started it."""

    kind = "failed"
    message: str


KINDS: dict[str, type[Event]] = {
    kind.kind: kind for kind in (Started, Progress, EpochFinished, Paused, Resumed, Changed, Finished, Failed)
}


def lecture_line(epoch: int, epochs: int, train_loss: float, test_accuracy: float) -> str:
    """What the lecture's loop prints after an epoch; accuracy as a fraction of 1."""
    return f"Epoch: {epoch}/{epochs}, Loss: {train_loss:.6f}, Accuracy: {test_accuracy:.2%}"


def from_dict(fields: dict[str, Any]) -> Event:
    """The event that `as_dict` was called on."""
    fields = dict(fields)
    return KINDS[fields.pop("event")](**fields)
