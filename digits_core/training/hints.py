"""Hints on what looks wrong in a run, why, and which change of its config may help: pure functions of its history.

A hint needs evidence in the metrics of the run. The usual learning rates only tell whether to go up or down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any, Protocol

from digits_core.config import RunConfig, TrainingConfig
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.training.recipes import ROBUST

FEW_STEPS = 20
"""Fewer steps per epoch than this are too few for any dataset."""
SMALL_BATCH = 16
"""The lecture's batch size; batches up to this size are never called large."""
GOOD_ACCURACY = 0.95


class Epoch(Protocol):
    """The metrics of an epoch: an event or a stored row."""

    @property
    def epoch(self) -> int: ...
    @property
    def train_loss(self) -> float: ...
    @property
    def train_accuracy(self) -> float: ...
    @property
    def test_loss(self) -> float: ...
    @property
    def test_accuracy(self) -> float: ...


@dataclass(frozen=True)
class History:
    """A run so far. `batch_losses` in order; `train_images` is 0 if unknown."""

    config: RunConfig
    status: str
    epochs: Sequence[Epoch]
    batch_losses: Sequence[float] = ()
    train_images: int = 0

    @property
    def training(self) -> TrainingConfig:
        return self.config.training

    @property
    def last(self) -> Epoch:
        return self.epochs[-1]

    @property
    def guessing(self) -> float:
        return LOSSES[self.training.loss].guessing

    @property
    def other_hands(self) -> bool:
        """Whether the run is tested on digits of people that it was not trained on."""
        return bool(set(self.config.data.test) - set(self.config.data.train) or self.config.data.test_writers)


@dataclass(frozen=True)
class Hint:
    """`fix`: fields of the config, or a whole section, with the values to try."""

    kind: str
    title: str
    why: str
    fix: dict[str, Any] = field(default_factory=dict)


def hints(history: History) -> list[Hint]:
    """Return at most one hint about learning and one about generalisation to the test, the most important of each."""
    learning = (_not_a_number, _diverging, _jumping, _stuck, _too_slow, _held_back, _batch_too_large, _too_short)
    found = [_first(history, learning), _first(history, (_test_is_harder, _overfitting))]
    return [hint for hint in found if hint is not None]


def _first(history: History, rules: Sequence[Callable[[History], Hint | None]]) -> Hint | None:
    return next((hint for rule in rules if (hint := rule(history)) is not None), None)


def _not_a_number(history: History) -> Hint | None:
    if history.status != "diverged":
        return None
    return Hint(
        "nan",
        "The loss is no longer a number",
        f"At a learning rate of {history.training.learning_rate:g} each step went further past the goal than the one "
        "before, until the weights were too large to compute with. Smaller steps keep them in bounds.",
        {"learning_rate": _lower(history.training)},
    )


def _diverging(history: History) -> Hint | None:
    recent = fmean(history.batch_losses[-10:]) if len(history.batch_losses) >= 10 else 0.0
    now = max(recent, history.last.train_loss if history.epochs else 0.0)
    if history.status == "finished" and history.epochs:
        now = history.last.train_loss
    if now < 1.5 * history.guessing:
        return None
    return Hint(
        "diverging",
        "The loss has exploded",
        f"It is {now:.3g}; a network that only guesses has {history.guessing:.2f}. Steps of a learning rate of "
        f"{history.training.learning_rate:g} jump over the valley that they should walk down.",
        {"learning_rate": _lower(history.training)},
    )


def _jumping(history: History) -> Hint | None:
    """Return a hint if the training loss rose from one epoch to the next by more than noise."""
    losses = [each.train_loss for each in history.epochs[-4:]]
    rises = [after / before for before, after in pairwise(losses) if after > max(1.2 * before, 0.1 * history.guessing)]
    if not rises:
        return None
    return Hint(
        "learning_rate_too_high",
        "The learning rate looks too high",
        f"The training loss rose by {max(rises) - 1:.0%} from one epoch to the next: steps of "
        f"{history.training.learning_rate:g} throw away what the epoch before had learnt.",
        {"learning_rate": _lower(history.training)},
    )


def _stuck(history: History) -> Hint | None:
    """Return a hint if the network still guesses: the steps were so large that they broke it, or hardly moved it."""
    if not history.epochs or history.last.train_accuracy > 0.3 or history.last.train_loss < 0.9 * history.guessing:
        return None
    rate, usual = history.training.learning_rate, usual_rate(history.training)
    guesses = (
        f"After {_epochs(history)} the training loss is {history.last.train_loss:.2f}; a network that only guesses has "
        f"{history.guessing:.2f}."
    )
    if rate >= 3 * usual:
        return Hint(
            "learning_rate_too_high",
            "The learning rate looks too high",
            f"{guesses} Large first steps ({rate:g}; {usual:g} is usual here) can switch most of the units off "
            "permanently: they answer 0 to every image, and nothing is left to learn from.",
            {"learning_rate": usual},
        )
    if rate <= usual / 3:
        return Hint(
            "learning_rate_too_low",
            "The learning rate looks too low",
            f"{guesses} Steps of {rate:g} ({usual:g} is usual here) have hardly moved the weights.",
            {"learning_rate": usual},
        )
    return None


def _too_slow(history: History) -> Hint | None:
    rate, usual = history.training.learning_rate, usual_rate(history.training)
    losses = [each.train_loss for each in history.epochs]
    falls = len(losses) >= 2 and all(after < before for before, after in pairwise(losses))
    if not falls or rate > usual / 3 or history.last.train_accuracy > 0.9:
        return None
    return Hint(
        "learning_rate_too_low",
        "The learning rate looks too low",
        f"The loss falls in every epoch, but slowly: {history.last.train_loss:.2f} after {_epochs(history)}. The "
        f"direction is right and the steps ({rate:g}; {usual:g} is usual here) are short.",
        {"learning_rate": usual},
    )


def _batch_too_large(history: History) -> Hint | None:
    steps = history.train_images / history.training.batch_size
    if (
        not history.epochs
        or not history.train_images
        or steps > FEW_STEPS
        or history.last.train_accuracy > GOOD_ACCURACY
    ):
        return None
    fitting = max(SMALL_BATCH, 2 ** int(math.log2(max(1, history.train_images / (2 * FEW_STEPS)))))
    if history.training.batch_size < 2 * fitting:
        return None
    return Hint(
        "batch_too_large",
        "The batches are large for this little data",
        f"{history.train_images:,} images in batches of {history.training.batch_size:,} make "
        f"{_count(math.ceil(steps), 'step')} an epoch: the weights were changed "
        f"{_count(math.ceil(steps) * len(history.epochs), 'time')} in all. Smaller batches take more steps for the "
        "same work.",
        {"batch_size": fitting},
    )


def _held_back(history: History) -> Hint | None:
    """Return a hint if dropout or weight decay keeps the network from fitting its own training images."""
    if history.status != "finished" or len(history.epochs) < 3 or history.last.train_accuracy > 0.9:
        return None
    if history.training.dropout >= 0.6:
        return Hint(
            "underfitting",
            "Dropout holds it back",
            f"Only {history.last.train_accuracy:.0%} of its own training images are recognised while "
            f"{history.training.dropout:.0%} of the activations are switched off: too little is left to decide by.",
            {"dropout": 0.3},
        )
    if history.training.weight_decay >= 0.05:
        return Hint(
            "underfitting",
            "Weight decay holds it back",
            f"Only {history.last.train_accuracy:.0%} of its own training images are recognised: a weight decay of "
            f"{history.training.weight_decay:g} pulls the weights towards zero faster than they learn.",
            {"weight_decay": 0.0},
        )
    return None


def _too_short(history: History) -> Hint | None:
    """Return a hint if the run ended while both losses were still clearly falling."""
    if history.status != "finished" or not history.epochs or history.last.test_accuracy > GOOD_ACCURACY:
        return None
    if len(history.epochs) == 1:
        falling = history.last.train_accuracy < 0.9
    else:
        before = history.epochs[-2]
        falling = history.last.train_loss < 0.95 * before.train_loss and history.last.test_loss < before.test_loss
    if not falling:
        return None
    return Hint(
        "too_few_epochs",
        "It was still learning when it ended",
        f"After {_epochs(history)} the training loss is {history.last.train_loss:.2f} and falling, and with it the "
        "loss on test images. More epochs let it finish; the run can also be continued.",
        {"epochs": min(1000, 2 * history.last.epoch)},
    )


def _test_is_harder(history: History) -> Hint | None:
    if not history.epochs or not history.other_hands or _gap(history) < 0.1:
        return None
    others = [name for name in history.config.data.test if name not in history.config.data.train]
    hands = " + ".join(others) or "writers that it never saw"
    why = (
        f"It recognises {history.last.train_accuracy:.0%} of its training images and {history.last.test_accuracy:.0%} "
        f"of the test images, which are {hands}: other hands, other pens, another scanner. "
    )
    if history.config.transform != ROBUST.config.transform:
        return Hint(
            "test_harder",
            "The test is harder than the training",
            why + "Centring the digits as the Robust recipe does makes the two more alike, and turning, moving and "
            "thickening the training images shows it more kinds of writing.",
            {"transform": ROBUST.config.transform},
        )
    if not others:
        return None
    return Hint(
        "test_harder",
        "The test is harder than the training",
        why + "Training on some of those as well is what helps now; the test keeps images of its own.",
        {"train": (*history.config.data.train, *others)},
    )


def _overfitting(history: History) -> Hint | None:
    if len(history.epochs) < 3 or history.other_hands:
        return None
    best = min(history.epochs, key=lambda each: each.test_loss)
    # A mean, because the loss on few test images goes up and down by itself.
    now = fmean(each.test_loss for each in history.epochs[-3:])
    if best.epoch <= history.last.epoch - 3 and now > 1.25 * best.test_loss:
        return Hint(
            "overfitting",
            "It learns its training images by heart",
            f"The loss on test images was lowest after epoch {best.epoch} ({best.test_loss:.3f}) and is "
            f"{now:.3f} now, while that on training images went on falling. What it learns since "
            "then holds for those images only.",
            {"epochs": best.epoch},
        )
    if history.last.train_accuracy > 0.95 and _gap(history) > 0.05 and history.training.dropout < 0.5:
        return Hint(
            "overfitting",
            "It learns its training images by heart",
            f"It recognises {history.last.train_accuracy:.1%} of its training images and "
            f"{history.last.test_accuracy:.1%} of the test images. More dropout keeps it from relying on single "
            "details; more or augmented images help further.",
            {"dropout": 0.5},
        )
    return None


def usual_rate(training: TrainingConfig) -> float:
    """Return a learning rate that usually works well for this optimizer on networks like ours."""
    entry = OPTIMIZERS[training.optimizer]
    return entry.usual_rate(*(getattr(training, field) for field in entry.uses))


def _lower(training: TrainingConfig) -> float:
    """Return the usual learning rate if the current one is at least twice that, else a third of the current one."""
    usual = usual_rate(training)
    return usual if training.learning_rate >= 2 * usual else float(f"{training.learning_rate / 3:.2g}")


def _gap(history: History) -> float:
    return history.last.train_accuracy - history.last.test_accuracy


def _epochs(history: History) -> str:
    return _count(len(history.epochs), "epoch")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
