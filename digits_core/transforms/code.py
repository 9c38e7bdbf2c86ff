"""A `TransformConfig` as plain torchvision code: a script that runs by itself and gives the same tensors."""

from __future__ import annotations

from digits_core.config import TransformConfig
from digits_core.entries.base import source_of
from digits_core.transforms.batched import check_resolved
from digits_core.transforms.steps import PIPELINE, Step


def as_code(config: TransformConfig) -> str:
    """Return a script with `training_transform` and `test_transform`: each takes a greyscale PIL image.

    Its imports are torch, torchvision and Pillow; steps that torchvision does not have are written out in it.
    """
    wanted = {"from torchvision.transforms import v2", *(each for step in _taken(config) for each in step.imports)}
    return "\n\n\n".join(["\n".join(["import torch", *sorted(wanted)]), *pieces(config)]) + "\n"


def pieces(config: TransformConfig) -> list[str]:
    """Return the functions that the transforms need, and the two transforms; the imports come before."""
    check_resolved(config)
    taken = _taken(config)
    transforms = _composed("test_transform", [each for step in taken if not step.random for each in step.code(config)])
    if config.augments:
        training = _composed("training_transform", [each for step in taken for each in step.code(config)])
        transforms = f"{training}\n\n# Testing draws nothing at random.\n{transforms}"
    else:
        transforms += "\n\n# Nothing is drawn at random: training and test images go the same way.\n"
        transforms += "training_transform = test_transform"
    return [*(source_of(function) for step in taken for function in step.written_out), transforms]


def _taken(config: TransformConfig) -> list[Step]:
    return [step for step in PIPELINE if step.taken(config)]


def _composed(name: str, steps: list[str]) -> str:
    return "\n".join([f"{name} = v2.Compose([", *(f"    {step}," for step in steps), "])"])
