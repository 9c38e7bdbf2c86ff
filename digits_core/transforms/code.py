"""A `TransformConfig` as plain torchvision code: a script that runs by itself and gives the same tensors."""

from __future__ import annotations

import inspect

from digits_core.config import TransformConfig
from digits_core.transforms.batched import check_resolved
from digits_core.transforms.centring import INK_LEVEL, centred
from digits_core.transforms.steps import PIPELINE, Step

INK_PARTS = "20 / 28"
"""`INK_SHARE`, as people read it."""

CENTRING_CONSTANTS = f"""
INK_LEVEL = {INK_LEVEL}  # of 255: what is fainter is paper
INK_SHARE = {INK_PARTS}  # the longer side of the ink, as a share of the image's
"""
CENTRED = inspect.getsource(centred)


def as_code(config: TransformConfig) -> str:
    """Return a script with `training_transform` and `test_transform`: each takes a greyscale PIL image.

    Its imports are torch, torchvision and Pillow; steps that torchvision does not have are written out in it.
    """
    imports = [
        "import torch",
        *(step.imports for step in _taken(config) if step.imports),
        *(["from torch.nn import functional as nnf"] if config.centre else []),
        "from torchvision.transforms import v2",
    ]
    head = "\n".join(imports) + (f"\n{CENTRING_CONSTANTS}" if config.centre else "")
    return "\n\n\n".join([head.rstrip(), *([CENTRED.rstrip()] if config.centre else []), *pieces(config)]) + "\n"


def pieces(config: TransformConfig) -> list[str]:
    """Return the classes that the transforms need, and the two transforms; `centred` and the imports come before."""
    check_resolved(config)
    taken = _taken(config)
    transforms = _composed("test_transform", [each for step in taken if not step.random for each in step.code(config)])
    if config.augments:
        training = _composed("training_transform", [each for step in taken for each in step.code(config)])
        transforms = f"{training}\n\n# Testing draws nothing at random.\n{transforms}"
    else:
        transforms += "\n\n# Nothing is drawn at random: training and test images go the same way.\n"
        transforms += "training_transform = test_transform"
    return [*(step.written_out.strip() for step in taken if step.written_out), transforms]


def _taken(config: TransformConfig) -> list[Step]:
    return [step for step in PIPELINE if step.taken(config)]


def _composed(name: str, steps: list[str]) -> str:
    return "\n".join([f"{name} = v2.Compose([", *(f"    {step}," for step in steps), "])"])
