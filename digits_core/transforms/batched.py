"""The same steps as `pipeline`, for a whole batch on the device: the fixed ones once, the random ones at each draw.

The two agree to the rounding of 8-bit PIL images, as a test makes sure.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from digits_core.config import TransformConfig
from digits_core.errors import ConfigError
from digits_core.transforms.centring import centre_by_mass
from digits_core.transforms.resizing import resize

CHUNK = 4096
"""Images that are worked on at once: bounds the memory of a set of any size."""


def prepare(images: np.ndarray, config: TransformConfig) -> Tensor:
    """Apply the fixed steps up to 8-bit pixels; uint8 (N, H, W) → uint8 (N, 1, size, size)."""
    if not len(images):
        return torch.empty(0, 1, config.size, config.size, dtype=torch.uint8)
    whole = torch.from_numpy(np.ascontiguousarray(images))
    return torch.cat([_prepare(chunk, config) for chunk in whole.split(CHUNK)])[:, None]


def normalise(images: Tensor, config: TransformConfig) -> Tensor:
    """Normalise pixels 0 to 255, (N, 1, S, S), to float32 as the network reads it: -1 to 1 if mean and std are 0.5."""
    check_resolved(config)
    return images.float().mul(1 / (255 * config.std)).sub(config.mean / config.std)


def augment(images: Tensor, config: TransformConfig, generator: torch.Generator) -> Tensor:
    """Apply the random steps, drawn separately for each sample; uint8 (N, 1, S, S) → float32 (N, 1, S, S), 0 to 255."""
    pixels = images.float()
    for step, strengths in config.augmentations:
        pixels = step.apply(pixels, *strengths, generator)
    return pixels


def check_resolved(config: TransformConfig) -> None:
    """Raise `ConfigError` while the dataset's own mean and standard deviation are still to be measured."""
    if config.normalisation == "dataset":
        raise ConfigError(
            "The mean and standard deviation of the dataset are not measured yet: "
            "`normalisation.resolve` puts them into the config before anything is trained with it."
        )


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
    """Return which of `length` pixels Pillow picks for each of `size`, int64 (size,); torch picks others in places."""
    step = length / size
    steps = np.full(size, step)
    steps[0] = step / 2
    return torch.from_numpy(np.cumsum(steps).astype(np.int64))
