"""A `TransformConfig` as torchvision v2 steps for one image: what the Transforms page shows, what the lecture runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageFilter
from torchvision.transforms import InterpolationMode, v2

from digits_core.config import TransformConfig
from digits_core.transforms.centring import centre_picture


@dataclass(frozen=True)
class Step:
    """One step of the way: a name, a sentence on why one does it, and the transform that does it."""

    name: str
    why: str
    transform: v2.Transform
    random: bool = False


class CentreByMass(v2.Transform):
    """A greyscale PIL image of any size → one of (size, size) with its ink centred (`centring`)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def transform(self, inpt: Image.Image, params: dict[str, Any]) -> Image.Image:
        return centre_picture(inpt, self.size)


class RandomStrokeWidth(v2.Transform):
    """Strokes of a PIL image grow (towards its 3×3 maximum) or shrink (towards its minimum) by a random share."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"share": float(torch.empty(1).uniform_(-self.strength, self.strength))}

    def transform(self, inpt: Image.Image, params: dict[str, Any]) -> Image.Image:
        share = params["share"]
        extreme = inpt.filter(ImageFilter.MaxFilter(3) if share > 0 else ImageFilter.MinFilter(3))
        return Image.blend(inpt, extreme, abs(share))


def steps(config: TransformConfig, training: bool) -> list[Step]:
    """The steps in the order in which they run, from a PIL image to a normalised float32 tensor (1, size, size)."""
    return [*_fixed_steps(config), *(_random_steps(config) if training else []), *_tensor_steps(config)]


def build_pipeline(config: TransformConfig, training: bool) -> v2.Compose:
    """The steps as one transform, for `CustomTensorDataset`."""
    return v2.Compose([step.transform for step in steps(config, training)])


def random_affine(config: TransformConfig) -> v2.RandomAffine:
    """Rotation, translation, scale and shear as torchvision's own transform; the batched way has its distributions."""
    share = config.translation / config.size
    return v2.RandomAffine(
        degrees=config.rotation,
        translate=(share, share),
        scale=(1 - config.scale, 1 + config.scale),
        shear=config.shear,
        interpolation=InterpolationMode.BILINEAR,
    )


def _fixed_steps(config: TransformConfig) -> list[Step]:
    centre = Step(
        "Centre by mass",
        "Digits of any size and place come to lie alike, so that the network need not learn every place by itself.",
        CentreByMass(config.size),
    )
    resize = Step(
        f"Resize to {config.size}×{config.size}",
        "The fully connected layers want one size for every image.",
        v2.Resize((config.size, config.size), InterpolationMode(config.interpolation), antialias=True),
    )
    return [centre] if config.centre else [resize]


def _random_steps(config: TransformConfig) -> list[Step]:
    affine = Step(
        "Random affine",
        "Turned, moved, scaled and slanted copies show the network what other hands write.",
        random_affine(config),
        random=True,
    )
    stroke = Step(
        "Random stroke width",
        "Pens differ: the same digit with thicker and thinner strokes.",
        RandomStrokeWidth(config.stroke_width),
        random=True,
    )
    moves = config.rotation or config.translation or config.scale or config.shear
    return [*([affine] if moves else []), *([stroke] if config.stroke_width else [])]


def _tensor_steps(config: TransformConfig) -> list[Step]:
    to_tensor = Step(
        "To tensor",
        "PyTorch wants (channel, height, width) as floating point from 0 to 1.",
        v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()]),
    )
    normalise = Step(
        "Normalise",
        "Values around 0 with a spread near 1 keep gradients of a healthy size.",
        v2.Normalize([config.mean], [config.std]),
    )
    return [to_tensor, normalise]
