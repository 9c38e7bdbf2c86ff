"""The mean and standard deviation that images are normalised with, if they are to be the dataset's own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from digits_core.config import TransformConfig
from digits_core.errors import DatasetError
from digits_core.transforms import batched

SMALLEST_STD = 1e-3
"""Images that are all of one grey have no spread to divide by."""


def measure(images: Sequence[np.ndarray], config: TransformConfig) -> tuple[float, float]:
    """Return mean and standard deviation over all pixels of several sets after the fixed steps, as shares of full ink.

    images: uint8 (N, H, W) each. The grey levels are counted first: whole numbers add up to the same sum in any order,
    so that the same images give the same two numbers on any machine.
    """
    counts = np.zeros(256, dtype=np.int64)
    for each in images:
        for chunk in np.array_split(each, -(-len(each) // batched.CHUNK) or 1):
            counts += torch.bincount(batched.prepare(chunk, config).flatten(), minlength=256).numpy()
    total = counts.sum()
    if not total:
        raise DatasetError("There are no training images to take a mean and a standard deviation from.")
    levels = np.arange(256) / 255
    mean = float((counts * levels).sum() / total)
    return mean, math.sqrt(float((counts * (levels - mean) ** 2).sum() / total))


def resolve(config: TransformConfig, images: Sequence[np.ndarray]) -> TransformConfig:
    """Fill in the mean and standard deviation of these training images if the config asks for the dataset's own.

    The returned normalisation is "fixed": the network keeps the numbers that it was trained with, whatever happens to
    the dataset.
    """
    if config.normalisation == "fixed":
        return config
    mean, std = measure(images, config)
    return config.replace(normalisation="fixed", mean=round(mean, 6), std=max(round(std, 6), SMALLEST_STD))
