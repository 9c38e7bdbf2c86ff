"""The digits as the lecture hands them to PyTorch: a list of tuples, and a `Dataset` over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.transforms.v2 import functional as F

from digits_core.data.digits import Digits, Split

Sample = tuple[torch.Tensor | np.ndarray, int]


def as_tuples(digits: Digits, split: Split) -> list[Sample]:
    """The lecture's form of one split: `(image, label)`, the image a uint8 tensor of shape (H, W), 0 to 255."""
    images, labels = digits.of(split)
    return [(torch.from_numpy(image), int(label)) for image, label in zip(images, labels, strict=True)]


class CustomTensorDataset(Dataset[tuple[Any, int]]):
    """Holds the tuples; turns an array or a tensor into a PIL image; applies the transform; returns (image, label).

    Training and test sets each have their own transform.
    """

    def __init__(self, tensors: Sequence[Sample], transform: Callable[[Any], Any] | None = None) -> None:
        self.tensors = tensors
        self.transform = transform

    def __len__(self) -> int:
        return len(self.tensors)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image, label = self.tensors[index]
        if isinstance(image, np.ndarray | torch.Tensor):
            image = F.to_pil_image(image)
        if self.transform is not None:
            image = self.transform(image)
        return image, label
