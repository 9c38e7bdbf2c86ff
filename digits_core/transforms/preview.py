"""What the transform does, made visible: every step of one image, its variants, and the mean of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import one_hot
from torchvision.transforms.v2 import functional as F

from digits_core.config import TransformConfig
from digits_core.data.statistics.chunks import Report, nobody
from digits_core.transforms import batched
from digits_core.transforms.pipeline import steps

BARS = 16
"""Bars of the small histogram of one image."""


@dataclass(frozen=True)
class TracedStep:
    """What one step made of the image: `value` is a tensor or a PIL image, as the next step gets it."""

    name: str
    why: str
    value: Any
    random: bool = False

    @property
    def pixels(self) -> np.ndarray:
        """The values (H, W), rounded to what a person can read."""
        values = np.asarray(self.value)
        return np.round(values.reshape(values.shape[-2:]), 3)

    @property
    def value_range(self) -> tuple[float, float]:
        """The values to draw as black and as white: those that 8 bits can hold, or those that are there."""
        pixels = self.pixels
        return (0, 255) if pixels.dtype == np.uint8 else (float(pixels.min()), float(pixels.max()))

    @property
    def histogram(self) -> tuple[np.ndarray, np.ndarray]:
        """How many pixels lie in each of `BARS` equal parts of the value range, int64, and the parts' middles."""
        counts, edges = np.histogram(self.pixels, BARS, self.value_range)
        return counts, (edges[:-1] + edges[1:]) / 2

    @property
    def facts(self) -> tuple[str, str, str, str]:
        """Type, shape, data type and value range, in Python's words."""
        numbers = str(np.asarray(self.value).dtype), f"{self.pixels.min():g} to {self.pixels.max():g}"
        if isinstance(self.value, torch.Tensor):
            return "tensor", str(tuple(self.value.shape)), *numbers
        return f"PIL image {self.value.mode}", f"{self.value.width}×{self.value.height}", *numbers


def trace(image: np.ndarray, config: TransformConfig, training: bool, seed: int) -> list[TracedStep]:
    """Return the result of each step for one image, uint8 (H, W); first the stored tuple's tensor and the PIL image."""
    tensor = torch.from_numpy(image.copy())
    value: Any = F.to_pil_image(tensor)
    traced = [
        TracedStep("The tuple's image", "What the dataset holds.", tensor),
        TracedStep("To PIL image", "torchvision's image transforms are written for pictures.", value),
    ]
    # Random steps draw from the global generator: it is seeded here and left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in steps(config, training):
            value = step.transform(value)
            traced.append(TracedStep(step.name, step.why, value, step.random))
    return traced


def variants(image: np.ndarray, config: TransformConfig, count: int, seed: int) -> np.ndarray:
    """Return what training may make of one image, uint8 (H, W) → uint8 (count, S, S); first the test image, undrawn."""
    prepared = batched.prepare(image[None], config)  # (1, 1, S, S)
    drawn = _drawn(prepared.repeat(count - 1, 1, 1, 1), config, torch.Generator().manual_seed(seed))
    return torch.cat([prepared, drawn])[:, 0].numpy()


@dataclass(frozen=True)
class MeanImages:
    """Mean images of a set and of each digit, float (11, S, S), without the random steps and with them.

    `lost` is the share of the ink that the random steps took out of the images: below 0 if they added some.
    """

    before: np.ndarray
    after: np.ndarray
    lost: float


def mean_images(
    images: np.ndarray, labels: np.ndarray, config: TransformConfig, seed: int, report: Report = nobody
) -> MeanImages:
    """Average uint8 (N, H, W), in all and per digit, each drawn once; a digit without images has an empty mean."""
    sums = np.zeros((2, 10, config.size, config.size))
    generator = torch.Generator().manual_seed(seed)
    for start in range(0, len(images), batched.CHUNK):
        report(start / len(images))
        part = slice(start, start + batched.CHUNK)
        prepared = batched.prepare(images[part], config)
        members = one_hot(torch.from_numpy(labels[part].astype(np.int64)), 10).double()  # (n, 10)
        for total, each in zip(sums, (prepared, _drawn(prepared, config, generator)), strict=True):
            total += torch.einsum("nd,nhw->dhw", members, each[:, 0].double()).numpy()
    counts = np.maximum(1, np.bincount(labels, minlength=10))[:, None, None]
    before, after = (np.concatenate([each.sum(axis=0)[None] / len(images), each / counts]) for each in sums)
    return MeanImages(before, after, float(1 - sums[1].sum() / max(1.0, sums[0].sum())))


def _drawn(prepared: torch.Tensor, config: TransformConfig, generator: torch.Generator) -> torch.Tensor:
    """Apply the random steps, drawn once for each image; uint8 (N, 1, S, S) → the same."""
    return batched.augment(prepared, config, generator).round_().to(torch.uint8)
