"""A `TransformConfig` as torchvision v2 steps for one image: what the Transforms page shows, what the lecture runs."""

from __future__ import annotations

from dataclasses import dataclass

from torchvision.transforms import v2

from digits_core.config import TransformConfig
from digits_core.transforms.batched import check_resolved
from digits_core.transforms.steps import PIPELINE


@dataclass(frozen=True)
class TakenStep:
    """One step of the transform: a name, a sentence on why one does it, and the transform that does it."""

    name: str
    why: str
    transform: v2.Transform
    random: bool = False


def steps(config: TransformConfig, training: bool) -> list[TakenStep]:
    """Return the steps in order, from a PIL image to a normalised float32 tensor (1, size, size)."""
    check_resolved(config)
    return [
        TakenStep(
            f"Resize to {config.size}×{config.size}" if step.title == "Resize" else step.title,
            step.why,
            step.transform(config),
            step.random,
        )
        for step in PIPELINE
        if step.taken(config) and (training or not step.random)
    ]


def build_pipeline(config: TransformConfig, training: bool) -> v2.Compose:
    """Return the steps as one transform, for `CustomTensorDataset`."""
    return v2.Compose([step.transform for step in steps(config, training)])
