"""A representative part of a dataset."""

from __future__ import annotations

import numpy as np


def stratified_sample(labels: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Return the sorted indices of `count` images, each digit in the proportion it has in `labels`.

    All of them if there are no more. The same seed draws the same sample.
    """
    if len(labels) <= count:
        return np.arange(len(labels))
    # Sorted by digit, the middle of each of `count` equal parts: this keeps the proportion of every digit.
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return np.sort(order[((np.arange(count) + 0.5) * len(order) / count).astype(int)])
