"""Sweeps to start with one click: the comparisons that the lecture asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digits_core.config import TrainingConfig, choices
from digits_core.training.recipes import LECTURE
from digits_core.training.sweep_plan import SweepPlan, Varied


@dataclass(frozen=True)
class ReadySweep:
    """A named plan; `lesson` says what to learn from it, `measure` what its chart shows at first."""

    lesson: str
    plan: SweepPlan
    measure: Literal["accuracy", "seconds"] = "accuracy"


def _plan(name: str, *varied: Varied, epochs: int = 2, seeds: int = 1, points: int = 5) -> SweepPlan:
    base = LECTURE.config.replace(training=TrainingConfig(epochs=epochs))
    return SweepPlan(name=name, base=base, varied=varied, seeds=seeds, points=points)


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
    )
}
