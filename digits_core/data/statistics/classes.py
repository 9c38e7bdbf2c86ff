"""The mean and the deviation of each digit's images, and how often each pixel value occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from digits_core.data.digits import CLASSES
from digits_core.data.statistics.chunks import chunks

LEVELS = 256


@dataclass(frozen=True)
class ClassImages:
    """The mean and the deviation of each digit's images, in grey levels (0 to 255).

    counts: int (10,); mean and deviation: float64 (10, H, W), zero for a digit without images. The deviation is that of
    the population (divided by n): zero where all images of a digit agree.
    """

    counts: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    @property
    def ink(self) -> np.ndarray:
        """The mean share of ink in an image of each digit, 0 (empty) to 1 (all of it inked), float64 (10,)."""
        return self.mean.mean(axis=(1, 2)) / (LEVELS - 1)


def class_images(images: np.ndarray, labels: np.ndarray) -> ClassImages:
    """Compute mean and standard deviation of every pixel for each digit; images uint8 (N, H, W), labels int (N,)."""
    pixels = int(np.prod(images.shape[1:]))
    totals = np.zeros((2, CLASSES, pixels), dtype=np.uint64)
    # In integers, and in chunks that fit the processor's cache. A matrix product would give the same, but its threads
    # wait for each other: on a busy machine that takes seconds instead of a tenth of one.
    for part in chunks(images, 1 << 20):
        rows = images[part].reshape(-1, pixels)
        for digit in range(CLASSES):
            own = rows[labels[part] == digit].astype(np.uint32)  # (n, H·W)
            totals[0, digit] += own.sum(axis=0, dtype=np.uint64)
            totals[1, digit] += np.square(own, out=own).sum(axis=0, dtype=np.uint64)
    counts = np.bincount(labels, minlength=CLASSES)
    mean, square = totals / np.maximum(counts, 1)[:, None]
    shape = (CLASSES, *images.shape[1:])
    # Rounding may make a variance of zero slightly negative.
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return ClassImages(counts, mean.reshape(shape), deviation.reshape(shape))


def pixel_histogram(images: np.ndarray) -> np.ndarray:
    """Count how many pixels have each value, int64 (256,); images uint8 (N, H, W). Uses Pillow, without a copy."""
    counts = np.zeros(LEVELS, dtype=np.int64)
    for part in chunks(images, 1 << 26):
        if images[part].size:
            counts += Image.fromarray(images[part].reshape(len(images[part]), -1)).histogram()
    return counts


def as_pictures(values: np.ndarray) -> np.ndarray:
    """Return float images (n, H, W) as uint8, scaled together so that the largest of all values is white.

    With one scale for all, they can be compared.
    """
    top = values.max() if values.size else 0
    return np.rint(values * ((LEVELS - 1) / top) if top > 0 else values).astype(np.uint8)
