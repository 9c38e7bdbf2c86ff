"""The digits in the form that the lecture passes to PyTorch: a list of tuples, and a `Dataset` over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from torchvision.transforms.v2 import functional as F

from digits_core.data.digits import Digits, Split
from digits_core.markup import Html, heading, joined, picture

SHOWN = 16
"""Number of transformed samples in the notebook preview of a dataset."""
Sample = tuple[torch.Tensor | np.ndarray, int]


def as_tuples(digits: Digits, split: Split) -> list[Sample]:
    """Return one split in the lecture's form: `(image, label)`, the image a uint8 tensor (H, W) of 0 to 255."""
    images, labels = digits.of(split)
    return [(torch.from_numpy(image), int(label)) for image, label in zip(images, labels, strict=True)]


class CustomTensorDataset(Dataset[tuple[Any, int]]):
    """Dataset of `(image, label)` tuples that converts each array or tensor to a PIL image and transforms it.

    Training and test sets each have their own transform.

    Args:
        tensors: `(image, label)` each, the image an array or a tensor (H, W) of 0 to 255, or a PIL image.
        transform: Applied to each PIL image when the sample is accessed; None leaves the image as it is.

    Example:
        >>> import torch
        >>> from torchvision.transforms.v2 import PILToTensor
        >>> samples = CustomTensorDataset([(torch.zeros(8, 8, dtype=torch.uint8), 7)], PILToTensor())
        >>> image, label = samples[0]
        >>> image.shape, label
        (torch.Size([1, 8, 8]), 7)
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

    def __repr__(self) -> str:
        name = "no transform" if self.transform is None else type(self.transform).__name__
        return f"<CustomTensorDataset: {len(self):,} samples, {name}>"

    def _repr_html_(self) -> Html:
        shown = [self[place] for place in range(min(SHOWN, len(self)))]
        pictures = [picture(_as_pixels(image), f"a {label}") for image, label in shown]
        facts = [f"{len(self):,} samples", _in_words(shown[0][0]) if shown else ""]
        return joined([heading("CustomTensorDataset", *facts), *pictures])


def _in_words(image: Any) -> str:
    """Describe a transformed image in words: its type, its size and, if it is not a PIL image, its range of values."""
    if isinstance(image, Image.Image):
        return f"PIL images {image.mode} of {image.width}×{image.height}"
    values = np.asarray(image)
    return f"{type(image).__name__.lower()}s {values.shape} {values.dtype}, {values.min():.3g} to {values.max():.3g}"


def _as_pixels(image: Any) -> np.ndarray:
    """Scale the output of a transform to uint8 (H, W), its lowest value black and its highest white."""
    values = np.asarray(image).astype(np.float64)
    values = values.reshape(values.shape[-2:])
    low, high = float(values.min()), float(values.max())
    return ((values - low) / ((high - low) or 1) * 255).astype(np.uint8)
