"""Export of datasets: as NumPy arrays, which keep everything, and as the lecture's pickle, which its code reads."""

from __future__ import annotations

import io
import pickle
from typing import Any, Literal

import numpy as np

from digits_core.data.digits import Digits, Split
from digits_core.data.readers.file_contents import OWN_MARK

VERSION = 1
"""Version of what the arrays mean; stored in the array that marks a file as ours."""


def as_npz(digits: Digits) -> bytes:
    """Return the dataset as .npz: images uint8 (N, H, W), labels int64 (N,), test bool (N,), writers (N,) or (0,) text.

    `read_file` reads it back without loss.
    """
    file = io.BytesIO()
    arrays: dict[str, Any] = {"images": digits.images, "labels": digits.labels, "test": digits.test}
    arrays |= {"writers": np.array(digits.writers, dtype=str), OWN_MARK: np.array(VERSION)}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def as_pickle(digits: Digits, values: Literal["uint8", "float32"] = "uint8") -> bytes:
    """Return the dataset in the lecture's form: a dict of the lists `train` and `test` of `(image, label)` tuples.

    The image is a tensor (H, W), 0 to 255 as uint8 or 0 to 1 as float32; the label an int. Any program that has torch
    can read it with `pickle.load`. Each list keeps the order of the dataset.
    """
    lists = {split: _tuples(digits, split, values) for split in ("train", "test")}
    return pickle.dumps(lists, protocol=4)


def _tuples(digits: Digits, split: Split, values: str) -> list[tuple[Any, int]]:
    import torch

    images, labels = digits.of(split)
    images = images / np.float32(255) if values == "float32" else images
    # Copy each: a tensor is pickled with all of its storage, which for a view is that of all images.
    return [(torch.from_numpy(image.copy()), int(label)) for image, label in zip(images, labels, strict=True)]
