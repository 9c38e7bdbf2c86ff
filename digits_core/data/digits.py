"""A dataset of digits in memory, with its split into train and test."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from digits_core.errors import DatasetError
from digits_core.layers.placed import LOGITS

Split = Literal["train", "test"]
CLASSES = LOGITS
TEST_FRACTION = 0.2
SPLIT_SEED = 0


@dataclass(frozen=True)
class Digits:
    """Images with labels and a split.

    images: uint8 (N, H, W), ink bright (255) on a dark ground (0); labels: int64 (N,), 0 to 9;
    test: bool (N,), true for each image to test on; writers: the writer of each image, if known.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    test: np.ndarray
    writers: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.dtype != np.uint8 or self.images.ndim != 3:
            raise DatasetError(
                f"The images of {self.name} are {self.images.dtype} {self.images.shape}: not uint8 (N, H, W)."
            )
        if self.labels.shape != (count,) or self.test.shape != (count,):
            raise DatasetError(f"{self.name} has {count} images, but not as many labels and places in its split.")
        if self.writers and len(self.writers) != count:
            raise DatasetError(f"{self.name} has {count} images, but {len(self.writers)} writers.")
        if count and not 0 <= self.labels.min() <= self.labels.max() < CLASSES:
            raise DatasetError(f"The labels of {self.name} are not all digits from 0 to 9.")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of each image, in pixels."""
        return self.images.shape[1:]

    def indices(self, split: Split) -> np.ndarray:
        """Return the indices of the images of one split, int64."""
        return np.flatnonzero(self.test if split == "test" else ~self.test)

    def of(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Return the images (n, H, W) and labels (n,) of one split."""
        chosen = self.indices(split)
        return self.images[chosen], self.labels[chosen]

    def counts(self, split: Split) -> np.ndarray:
        """Return how many images of each digit one split holds, int64 (10,)."""
        return np.bincount(self.labels[self.indices(split)], minlength=CLASSES)

    def tested_on(self, writers: Collection[str]) -> Digits:
        """Return the digits split by writer: `writers` are only tested on, all others only trained on.

        The test images of the others are left out, so that they still never reach training. A dataset without
        writers, or without any of these, is returned unchanged.
        """
        held_out = np.isin(self.writers, list(writers)) if self.writers else np.zeros(len(self), dtype=bool)
        if not held_out.any():
            return self
        kept = held_out | ~self.test
        return Digits(
            self.name,
            self.images[kept],
            self.labels[kept],
            held_out[kept],
            tuple(writer for writer, keep in zip(self.writers, kept, strict=True) if keep),
        )

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change when any pixel, any label or the split does."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        for part in (self.images, self.labels, self.test):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]


def stratified_split(
    images: np.ndarray, labels: np.ndarray, fraction: float = TEST_FRACTION, seed: int = SPLIT_SEED
) -> np.ndarray:
    """Choose `fraction` of each digit for testing; returns bool (N,), true for each image to test on.

    An image is assigned by a hash of its pixels and the seed, not by its position: the same data in another order, or
    on another machine, is split the same way without storing the split, and equal images are never in both splits.
    """
    key = seed.to_bytes(8, "little")
    order = np.array([_place(image, key) for image in images], dtype=np.uint64)
    test = np.zeros(len(images), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        wanted = round(fraction * len(members))
        if wanted:
            last = np.sort(order[members])[wanted - 1]
            test[members] = order[members] <= last
    # Include copies under another label, or training would see a test image.
    return np.isin(order, order[test])


def _place(image: np.ndarray, key: bytes) -> int:
    """Hash the pixels to a pseudorandom integer in 0 … 2^64 - 1; equal pixels give equal integers."""
    return int.from_bytes(hashlib.blake2b(image.tobytes(), key=key, digest_size=8).digest(), "little")
