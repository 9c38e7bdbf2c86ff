"""Sources of batches: tensors that were prepared once, or the lecture's `DataLoader` over PIL images.

Both derive the order from the seed and the number of the epoch, so an epoch can be restarted at any time and both
train on the same images in the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import ConcatDataset, DataLoader

from digits_core.config import RunConfig
from digits_core.data.digits import Digits, Split
from digits_core.training.check import check_test_images, check_training_images
from digits_core.transforms import batched

Batch = tuple[Tensor, Tensor]
"""Normalised images float32 (B, 1, S, S) and labels int64 (B,)."""

BLOCK = 2048
"""Images that are shuffled, augmented and normalised at once; batches are slices of a block."""


class Batches(Protocol):
    """One epoch of training batches after another."""

    images: int

    def epoch(self, number: int) -> Iterator[Batch]: ...


class TensorBatches:
    """The fast source: 8-bit tensors on the device, fixed steps applied once, random steps drawn per block."""

    def __init__(self, config: RunConfig, digits: Sequence[Digits], device: torch.device) -> None:
        self._config = config
        self._device = device
        self._pixels, self._labels, self._rows = _one_copy(config, digits, device)
        self.images = len(self._rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        seed = self._config.training.seed
        generator = torch.Generator(self._device).manual_seed(_epoch_seed(seed, number) + 1)
        size = self._config.training.batch_size
        block = max(1, BLOCK // size) * size
        for chosen in self._rows[epoch_order(self.images, seed, number).to(self._device)].split(block):
            pixels = self._pixels[chosen]
            if self._config.transform.augments:
                pixels = batched.augment(pixels, self._config.transform, generator)
            images = batched.normalise(pixels, self._config.transform)
            yield from zip(images.split(size), self._labels[chosen].split(size), strict=True)


class LoaderBatches:
    """The lecture's source: Pillow per sample, torchvision's transforms, a `DataLoader`. Slow, but the reference."""

    def __init__(self, config: RunConfig, digits: Sequence[Digits], device: torch.device) -> None:
        # Imported here: torchvision takes as long to import as torch, and only this class needs it.
        from digits_core.data.dataset import CustomTensorDataset, as_tuples
        from digits_core.transforms.pipeline import build_pipeline

        pipeline = build_pipeline(config.transform, training=True)
        self._dataset: ConcatDataset[Any] = ConcatDataset(
            [CustomTensorDataset(as_tuples(each, "train"), pipeline) for each in digits]
        )
        self._config = config
        self._device = device
        self.images = len(self._dataset)

    def epoch(self, number: int) -> Iterator[Batch]:
        training = self._config.training
        order = epoch_order(self.images, training.seed, number).tolist()
        # Without a generator of its own, the loader would draw from the global one, which dropout uses.
        own = torch.Generator()
        for images, labels in DataLoader(self._dataset, batch_size=training.batch_size, sampler=order, generator=own):
            yield images.to(self._device), labels.to(self._device)


def training_batches(config: RunConfig, digits: Sequence[Digits], device: torch.device) -> Batches:
    """Return the source that the config names; raise `DatasetError` for less than one batch of training images."""
    check_training_images(digits, config.training.batch_size)
    source = TensorBatches if config.training.batches == "tensors" else LoaderBatches
    return source(config, digits, device)


def test_set(config: RunConfig, digits: Sequence[Digits], device: torch.device) -> Batch:
    """Return the test images of all datasets as one normalised batch; raise `DatasetError` if there are none."""
    check_test_images(digits)
    pixels, labels = prepared(config, digits, "test", device)
    return batched.normalise(pixels, config.transform), labels


def prepared(config: RunConfig, digits: Sequence[Digits], split: Split, device: torch.device) -> Batch:
    """Return one split of all datasets after the fixed steps: uint8 (N, 1, S, S) and int64 (N,)."""
    rows = [each.indices(split) for each in digits]
    size = config.transform.size
    pixels = torch.empty(sum(map(len, rows)), 1, size, size, dtype=torch.uint8, device=device)
    done = 0
    for each, own in zip(digits, rows, strict=True):
        # In chunks, so that there is never a second copy of all images in memory.
        for start in range(0, len(own), batched.CHUNK):
            part = batched.prepare(each.images[own[start : start + batched.CHUNK]], config.transform)
            pixels[done : done + len(part)] = part
            done += len(part)
    labels = np.concatenate([each.labels[own] for each, own in zip(digits, rows, strict=True)])
    return pixels, torch.from_numpy(labels).to(device)


def _one_copy(config: RunConfig, digits: Sequence[Digits], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return pixels, labels and the rows that are for training, sharing the dataset's memory if possible.

    Sharing is possible for a single dataset on the CPU whose images have the right size: the 60,000 of MNIST are then
    in memory once, however many runs train on them.
    """
    only, transform = digits[0], config.transform
    if len(digits) == 1 and device.type == "cpu" and only.shape == (transform.size,) * 2 and not transform.centre:
        pixels = torch.from_numpy(np.ascontiguousarray(only.images))[:, None]
        return pixels, torch.from_numpy(only.labels), torch.from_numpy(only.indices("train"))
    pixels, labels = prepared(config, digits, "train", device)
    return pixels, labels, torch.arange(len(labels), device=device)


def epoch_order(count: int, seed: int, number: int) -> Tensor:
    """Return the order of the images in one epoch, int64 (count,)."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(_epoch_seed(seed, number)))


def _epoch_seed(seed: int, number: int) -> int:
    # A prime stride keeps the epochs of neighbouring seeds apart.
    return seed * 1_000_003 + number * 2
