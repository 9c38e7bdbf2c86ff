"""The same steps as `pipeline`, for a whole batch on the device: the fixed ones once, the random ones at each draw.

The two ways agree to the rounding of 8-bit PIL images; a test holds them together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.config import TransformConfig
from digits_core.errors import ConfigError
from digits_core.transforms.centring import centre_by_mass
from digits_core.transforms.distortion import (
    apply_elastic,
    apply_erasing,
    apply_noise,
    draw_elastic,
    draw_erasing,
    draw_noise,
)
from digits_core.transforms.resizing import resize

CHUNK = 4096
"""Images that are worked on at once: bounds the memory of a set of any size."""


def prepare(images: np.ndarray, config: TransformConfig) -> Tensor:
    """The fixed steps up to 8-bit pixels; uint8 (N, H, W) → uint8 (N, 1, size, size)."""
    if not len(images):
        return torch.empty(0, 1, config.size, config.size, dtype=torch.uint8)
    whole = torch.from_numpy(np.ascontiguousarray(images))
    return torch.cat([_prepare(chunk, config) for chunk in whole.split(CHUNK)])[:, None]


def normalise(images: Tensor, config: TransformConfig) -> Tensor:
    """Pixels 0 to 255, (N, 1, S, S), to what the network reads, float32: -1 to 1 where mean and std are 0.5."""
    check_resolved(config)
    return images.float().mul(1 / (255 * config.std)).sub(config.mean / config.std)


def augment(images: Tensor, config: TransformConfig, generator: torch.Generator) -> Tensor:
    """The random steps, each sample with draws of its own; uint8 (N, 1, S, S) → float32 (N, 1, S, S), 0 to 255."""
    pixels = images.float()
    if config.moves:
        pixels = apply_affine(pixels, draw_affine(len(images), config, generator))
    if config.elastic:
        pixels = apply_elastic(pixels, draw_elastic(len(images), config, generator))
    if config.stroke_width:
        share = _uniform(len(images), config.stroke_width, generator, images.device)
        pixels = apply_stroke_width(pixels, share)
    if config.noise:
        pixels = apply_noise(pixels, draw_noise(pixels.shape, config, generator))
    if config.erasing:
        pixels = apply_erasing(pixels, draw_erasing(len(images), config, generator))
    return pixels


def check_resolved(config: TransformConfig) -> None:
    """Raises `ConfigError` while the dataset's own mean and standard deviation are still to be measured."""
    if config.normalisation == "dataset":
        raise ConfigError(
            "The mean and standard deviation of the dataset are not measured yet: "
            "`normalisation.resolve` puts them into the config before anything is trained with it."
        )


@dataclass(frozen=True)
class Affine:
    """What torchvision's `affine` takes, for N images: angle and shear in degrees, translation in pixels; each (N,)."""

    angle: Tensor
    translate_x: Tensor
    translate_y: Tensor
    scale: Tensor
    shear: Tensor


def draw_affine(count: int, config: TransformConfig, generator: torch.Generator) -> Affine:
    """Draw from the distributions of `pipeline.random_affine`: all uniform, translations in whole pixels."""
    device = generator.device
    return Affine(
        angle=_uniform(count, config.rotation, generator, device),
        translate_x=_uniform(count, config.translation, generator, device).round(),
        translate_y=_uniform(count, config.translation, generator, device).round(),
        scale=1 + _uniform(count, config.scale, generator, device),
        shear=_uniform(count, config.shear, generator, device),
    )


def apply_affine(pixels: Tensor, affine: Affine) -> Tensor:
    """Turn, move, scale and slant about the centre, bilinear, empty outside; float32 (N, 1, S, S) → the same.

    The inverse of torchvision's matrix T·R·Sh·S about the image's centre, with shear along x alone:
    v2.functional.affine, docstring of `_get_inverse_affine_matrix`.
    """
    angle, shear = affine.angle * (math.pi / 180), affine.shear * (math.pi / 180)
    # Inverse of [[cos, -sin·1 - cos·tan], [sin, cos - sin·tan]] · scale, whose determinant is scale².
    cos, sin, tan = angle.cos(), angle.sin(), shear.tan()
    a, b = (cos - sin * tan) / affine.scale, (sin + cos * tan) / affine.scale
    c, d = -sin / affine.scale, cos / affine.scale
    half = pixels.shape[-1] / 2
    x, y = affine.translate_x / half, affine.translate_y / half
    theta = torch.stack(
        [torch.stack([a, b, -a * x - b * y], dim=1), torch.stack([c, d, -c * x - d * y], dim=1)], dim=1
    )  # (N, 2, 3)
    grid = nnf.affine_grid(theta, list(pixels.shape), align_corners=False)
    return nnf.grid_sample(pixels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def apply_stroke_width(pixels: Tensor, share: Tensor) -> Tensor:
    """Blend with the 3×3 maximum (share > 0) or minimum (share < 0); float32 (N, 1, S, S), share (N,) in -1 to 1."""
    thick = nnf.max_pool2d(pixels, 3, stride=1, padding=1)
    thin = -nnf.max_pool2d(-pixels, 3, stride=1, padding=1)
    share = share[:, None, None, None]
    return pixels + share.clamp(min=0) * (thick - pixels) - share.clamp(max=0) * (thin - pixels)


def _prepare(images: Tensor, config: TransformConfig) -> Tensor:
    if config.centre:
        return centre_by_mass(images, config.size)
    if images.shape[1:] == (config.size, config.size):
        return images
    if config.interpolation == "nearest":
        rows, columns = (_nearest(side, config.size) for side in images.shape[1:])
        return images[:, rows][:, :, columns]
    return resize(images, config.size, config.size, config.interpolation)


def _nearest(length: int, size: int) -> Tensor:
    """Which of `length` pixels Pillow takes for each of `size`, int64 (size,): torch takes others, here and there."""
    step = length / size
    steps = np.full(size, step)
    steps[0] = step / 2
    return torch.from_numpy(np.cumsum(steps).astype(np.int64))


def _uniform(count: int, bound: float, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draws from -bound to bound; float32 (count,)."""
    return torch.rand(count, generator=generator, device=device).mul_(2).sub_(1).mul_(bound)
