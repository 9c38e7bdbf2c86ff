"""The events of a training run: plain frozen records that are sent between processes as dictionaries."""

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
    """The data is ready and the first batch comes next; the numbers depend on `environment` besides the config."""

    kind = "started"
    epochs: int
    train_images: int
    test_images: int
    environment: dict[str, Any]


@dataclass(frozen=True)
class Progress(Event):
    """Progress within an epoch, at most five a second: `batch` of `batches` are done, with a mean loss of `train_loss`.

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
        """The fraction of the whole training that is done, 0 to 1."""
        return (self.epoch - 1 + self.batch / self.batches) / self.epochs


@dataclass(frozen=True)
class EpochFinished(Event):
    """One epoch and its evaluation. Accuracies are fractions of 1, losses means per image.

    Training loss and accuracy are measured on the batches as they were trained on, with dropout and augmentation;
    `images_per_second` counts training alone, `seconds` the epoch with its test evaluation. The norms are Euclidean,
    per layer, the gradient's a mean over some batches of the epoch; `confusion` counts test images, a row per true
    digit; `watched` has the ten probabilities of each watched test image. `kept` is True if the weights are already in
    the run's folder: those of another machine are received later.
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
        """Return the line that the lecture's loop prints."""
        return lecture_line(self.epoch, self.epochs, self.train_loss, self.test_accuracy)


@dataclass(frozen=True)
class Paused(Event):
    """The training pauses after `batch` of `epoch`; `left` if it made room for another run and this task has ended."""

    kind = "paused"
    epoch: int
    batch: int
    left: bool = False


@dataclass(frozen=True)
class Resumed(Event):
    """The training continues where it was paused."""

    kind = "resumed"
    epoch: int
    batch: int


@dataclass(frozen=True)
class Changed(Event):
    """The user changed `what` to `value` after `batch` of `epoch`; 0 means before its first batch."""

    kind = "changed"
    what: Setting
    value: float
    epoch: int
    batch: int


@dataclass(frozen=True)
class Finished(Event):
    """The last event of a training; the test loss and accuracy are those of the saved weights, `None` without any.

    A stopped training had done `batch` batches of the epoch after `epochs_done`.
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
    """The training failed; `message` is for the person who started it."""

    kind = "failed"
    message: str


KINDS: dict[str, type[Event]] = {
    kind.kind: kind for kind in (Started, Progress, EpochFinished, Paused, Resumed, Changed, Finished, Failed)
}


def lecture_line(epoch: int, epochs: int, train_loss: float, test_accuracy: float) -> str:
    """Return what the lecture's loop prints after an epoch; the accuracy is a fraction of 1."""
    return f"Epoch: {epoch}/{epochs}, Loss: {train_loss:.6f}, Accuracy: {test_accuracy:.2%}"


def from_dict(fields: dict[str, Any]) -> Event:
    """Return the event that `as_dict` was called on."""
    fields = dict(fields)
    return KINDS[fields.pop("event")](**fields)
