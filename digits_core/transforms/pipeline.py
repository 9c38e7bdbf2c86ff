"""A `TransformConfig` as torchvision v2 steps for one image: what the Transforms page shows, what the lecture runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageFilter
from torchvision.transforms import InterpolationMode, v2

from digits_core.config import TransformConfig
from digits_core.transforms import batched
from digits_core.transforms.centring import centre_picture
from digits_core.transforms.distortion import ERASED_RATIO, ERASED_SHARE, elastic_alpha, elastic_sigma
from digits_core.transforms.steps import AFFINE, STEPS


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
    return [
        *_fixed_steps(config),
        *(_random_picture_steps(config) if training else []),
        _to_tensor(),
        *(_random_tensor_steps(config) if training else []),
        _normalise(config),
    ]


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


def random_elastic(config: TransformConfig) -> v2.ElasticTransform:
    """Waves of displacement, a seventh of the image long, as strong as the config says."""
    return v2.ElasticTransform(alpha=elastic_alpha(config), sigma=elastic_sigma(config.size))


def random_erasing(config: TransformConfig) -> v2.RandomErasing:
    """A rectangle of paper in place of the image, with the probability of the config."""
    return v2.RandomErasing(p=config.erasing, scale=ERASED_SHARE, ratio=ERASED_RATIO, value=0)


def _fixed_steps(config: TransformConfig) -> list[Step]:
    if config.centre:
        return [_step("centre", CentreByMass(config.size))]
    size = (config.size, config.size)
    return [
        Step(
            f"Resize to {config.size}×{config.size}",
            STEPS["resize"].why,
            v2.Resize(size, InterpolationMode(config.interpolation), antialias=True),
        )
    ]


def _random_picture_steps(config: TransformConfig) -> list[Step]:
    """The random steps that are taken on a PIL image."""
    return [
        *([Step(AFFINE.title, AFFINE.why, random_affine(config), random=True)] if config.moves else []),
        *([_step("elastic", random_elastic(config))] if config.elastic else []),
        *([_step("stroke_width", RandomStrokeWidth(config.stroke_width))] if config.stroke_width else []),
    ]


def _to_tensor() -> Step:
    return _step("to_tensor", v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()]))


def _random_tensor_steps(config: TransformConfig) -> list[Step]:
    """The random steps that torchvision knows for tensors alone."""
    return [
        *([_step("noise", v2.GaussianNoise(sigma=config.noise))] if config.noise else []),
        *([_step("erasing", random_erasing(config))] if config.erasing else []),
    ]


def _normalise(config: TransformConfig) -> Step:
    batched.check_resolved(config)
    return _step("normalise", v2.Normalize([config.mean], [config.std]))


def _step(name: str, transform: v2.Transform) -> Step:
    info = STEPS[name]
    title = f"Random {info.title.lower()}" if info.random else info.title
    return Step(title, info.why, transform, info.random)
