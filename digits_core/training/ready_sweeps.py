"""Sweeps to start with one click: the comparisons that the lecture asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digits_core.config import DataConfig, TrainingConfig, choices
from digits_core.layers.base import Kind
from digits_core.layers.edits import removed, with_activation
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.presets import IMPROVED_NET, PRESETS
from digits_core.layers.text import to_text
from digits_core.training.recipes import LECTURE
from digits_core.training.sweep_plan import SweepPlan, Varied


@dataclass(frozen=True)
class ReadySweep:
    """A named plan; `lesson` says what to learn from it, `measure` what its chart shows initially."""

    lesson: str
    plan: SweepPlan
    measure: Literal["accuracy", "seconds"] = "accuracy"


def _plan(name: str, *varied: Varied, epochs: int = 2, seeds: int = 1, points: int = 5) -> SweepPlan:
    base = LECTURE.config.replace(training=TrainingConfig(epochs=epochs))
    return SweepPlan(name=name, base=base, varied=varied, seeds=seeds, points=points)


_ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu")
_WITH_CONVOLUTIONS = (
    Convolution(8, activation="relu"),
    MaxPooling(),
    Convolution(16, activation="relu"),
    MaxPooling(),
    FullyConnected(126, activation="relu"),
)
"""101,428 parameters, compared with 101,770 of the network with one hidden layer of 128."""


def _on_mnist(name: str, *varied: Varied, epochs: int = 2, seeds: int = 1) -> SweepPlan:
    """Return a plan on mnist-5k, whose digits vary more: on optdigits, networks above some size do equally well."""
    plan = _plan(name, *varied, epochs=epochs, seeds=seeds)
    return plan.replace(base=plan.base.replace(data=DataConfig(train=("mnist-5k",), test=("mnist-5k",))))


def _networks(*networks: tuple[Kind, ...]) -> Varied:
    return Varied(field="layers", values=tuple(map(to_text, networks)))


def _hidden(*units: int) -> tuple[Kind, ...]:
    return tuple(FullyConnected(each, activation="relu") for each in units)


READY = {
    ready.plan.name: ready
    for ready in (
        ReadySweep(
            "Large batches compute faster per image and take fewer steps: after as many epochs they have learnt less.",
            _plan("Batch size against training time", Varied(field="batch_size", values=(8, 16, 32, 64, 128, 256))),
            "seconds",
        ),
        ReadySweep(
            "Which optimizer is best depends on the learning rate: compare each at its own.",
            _plan(
                "Optimizers compared",
                Varied(field="optimizer", values=choices(TrainingConfig, "optimizer")),
                Varied(field="learning_rate", values=(0.0001, 0.001, 0.01)),
            ),
        ),
        ReadySweep(
            "Their values cannot be compared, their accuracies can; three seeds tell a difference from chance.",
            _plan("Loss functions compared", Varied(field="loss", values=choices(TrainingConfig, "loss")), seeds=3),
        ),
        ReadySweep(
            "Too low and it hardly learns, too high and it learns nothing: in between lies a wide plateau.",
            _plan("Learning rate from low to high", Varied(field="learning_rate", low=0.00001, high=0.1), points=9),
        ),
        ReadySweep(
            "With as many parameters, filters that look everywhere read better than weights for each place.",
            _on_mnist("Does it need convolutions?", _networks(PRESETS["mlp"].layers, _WITH_CONVOLUTIONS), seeds=3),
        ),
        ReadySweep(
            "Without convolutions, depth brings little: a further hidden layer changes less than the seed does.",
            _on_mnist("How deep?", _networks(*(_hidden(*[64] * depth) for depth in range(4))), epochs=4, seeds=3),
        ),
        ReadySweep(
            "A handful of units cannot tell ten digits apart; beyond some width, more of them bring little.",
            _on_mnist("How wide?", _networks(*(_hidden(width) for width in (4, 16, 64, 256))), epochs=4, seeds=3),
        ),
        ReadySweep(
            "Those that pass gradients on learn at once; through several sigmoids hardly any gradient comes back.",
            _on_mnist(
                "Activation functions compared",
                _networks(*(with_activation(IMPROVED_NET, activation) for activation in _ACTIVATIONS)),
            ),
        ),
        ReadySweep(
            "Normalised maps bear larger steps: at a high learning rate the network with batch norm still learns.",
            _on_mnist(
                "With and without batch norm",
                _networks(IMPROVED_NET, PRESETS["batch-norm"].layers),
                Varied(field="learning_rate", values=(0.001, 0.003, 0.01)),
            ),
        ),
        ReadySweep(
            "Pooling saves most of the parameters and much of the time, and costs hardly any accuracy.",
            _on_mnist(
                "Pooling compared",
                _networks(removed(IMPROVED_NET, 2), IMPROVED_NET, PRESETS["pooled"].layers),
            ),
        ),
    )
}
