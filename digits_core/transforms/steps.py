"""The steps of a transform, an entry each: what it is called, why one takes it, what does it, and its code.

The words are there before torch is: a step imports it when it is built. Random steps come from `entries`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from digits_core.config import TransformConfig
from digits_core.entries.augmentations import AUGMENTATIONS, STRENGTHS
from digits_core.entries.base import Augmentation
from digits_core.entries.lazy import Image, nnf, torch, v2
from digits_core.settings import SETTINGS

INK_SHARE, INK_LEVEL = 20 / 28, 32
"""The longest side of centred ink as a share of the side; fainter pixels, of 255, are not ink when its box is found."""


def centred(image: torch.Tensor, size: int) -> torch.Tensor:
    """Scale the ink to 20/28 of the side, its centre of mass in the middle; uint8 (H, W) → (size, size)."""
    square = torch.zeros(size, size, dtype=torch.uint8)
    ink = image >= 32  # of 255: what is fainter is paper
    if not ink.any():
        return square
    rows, columns = ink.any(dim=1).nonzero(), ink.any(dim=0).nonzero()
    image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = round(size * 20 / 28) / max(image.shape)
    height, width = (max(1, round(side * factor)) for side in image.shape)
    image = nnf.interpolate(image[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]
    mass = image.sum(dtype=torch.float64).clamp(min=1)
    row = (image.sum(dim=1) * torch.arange(height)).sum() / mass + 0.5
    column = (image.sum(dim=0) * torch.arange(width)).sum() / mass + 0.5
    top = int((size / 2 - row).round().clamp(0, size - height))
    left = int((size / 2 - column).round().clamp(0, size - width))
    square[top : top + height, left : left + width] = image
    return square


def centre_picture(picture: Image.Image, size: int) -> Image.Image:
    """Do the same to a greyscale picture."""
    return v2.functional.to_pil_image(centred(v2.functional.pil_to_tensor(picture)[0], size))


@dataclass(frozen=True)
class Step:
    """A step of a transform, with its words.

    Attributes:
        title: What the list of steps calls it.
        why: A sentence on why one takes it.
        fields: The fields of `TransformConfig` that it follows.
        transform: The config → the torchvision transform that does it.
        code: The config → the calls that make this transform, as Python.
        taken: The config → whether the step is taken.
        random: Whether it is taken in training alone.
        written_out: Functions that `code` names because torchvision lacks the step; `imports` are theirs.
    """

    title: str
    why: str
    fields: tuple[str, ...]
    transform: Callable[[TransformConfig], v2.Transform]
    code: Callable[[TransformConfig], tuple[str, ...]]
    taken: Callable[[TransformConfig], bool] = lambda config: True
    random: bool = False
    written_out: tuple[Callable[..., Any], ...] = ()
    imports: tuple[str, ...] = ()


def _resize(config: TransformConfig) -> v2.Transform:
    interpolation = v2.InterpolationMode(config.interpolation)
    return v2.Resize((config.size, config.size), interpolation, antialias=True)


def _resize_code(config: TransformConfig) -> tuple[str, ...]:
    mode = f"v2.InterpolationMode.{config.interpolation.upper()}"
    return (f"v2.Resize(\n        ({config.size}, {config.size}), {mode}, antialias=True,\n    )",)


def _to_tensor(config: TransformConfig) -> v2.Transform:
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()])


def _random(each: Augmentation) -> Step:
    def strengths(config: TransformConfig) -> list[float]:
        return [getattr(config, name) for name in each.strengths]

    (first, *_) = each.strengths.values()
    return Step(
        each.title or f"Random {first.title.lower()}",
        each.why or first.why,
        tuple(each.strengths),
        lambda config: each.transform(config.size, *strengths(config)),
        lambda config: (each.code(config.size, *strengths(config)),),
        lambda config: any(strengths(config)),
        random=True,
        written_out=each.written_out,
        imports=each.imports,
    )


PIPELINE = (
    Step(
        SETTINGS["centre"].title,
        SETTINGS["centre"].why,
        ("centre",),
        lambda config: v2.Lambda(partial(centre_picture, size=config.size)),
        lambda config: (f"v2.Lambda(lambda picture: centre_picture(picture, {config.size}))",),
        lambda config: config.centre,
        written_out=(centred, centre_picture),
        imports=("from PIL import Image", "from torch.nn import functional as nnf"),
    ),
    Step(
        "Resize",
        "The fully connected layers want one size for every image.",
        ("size", "interpolation"),
        _resize,
        _resize_code,
        lambda config: not config.centre,
    ),
    *(_random(each) for each in AUGMENTATIONS if not each.on_tensors),
    Step(
        "To tensor",
        "PyTorch wants (channel, height, width) as floating point from 0 to 1.",
        (),
        _to_tensor,
        lambda config: ("v2.ToImage()", "v2.ToDtype(torch.float32, scale=True)", "v2.ToPureTensor()"),
    ),
    *(_random(each) for each in AUGMENTATIONS if each.on_tensors),
    Step(
        "Normalise",
        "Values around 0 with a spread near 1 keep gradients of a healthy size.",
        ("normalisation", "mean", "std"),
        lambda config: v2.Normalize([config.mean], [config.std]),
        lambda config: (f"v2.Normalize([{config.mean!r}], [{config.std!r}])",),
    ),
)
"""All steps in the order in which they are taken, from a PIL image to a normalised tensor (1, size, size)."""


def summary(config: TransformConfig) -> str:
    """Return a config in a line: what is done to every image, what training draws at random, the normalisation."""
    size = f"{config.size}×{config.size}"
    fixed = f"centred by mass to {size}" if config.centre else f"resized to {size} ({config.interpolation})"
    drawn = [
        f"{each.title.lower()} {each.phrase.format(value)}"
        for name, each in STRENGTHS.items()
        if (value := getattr(config, name))
    ]
    if config.normalisation == "dataset":
        normalised = "normalised by the training images' own mean and standard deviation"
    else:
        normalised = f"normalised by mean {config.mean:.4g} and standard deviation {config.std:.4g}"
    return " · ".join([fixed, *drawn, normalised])
