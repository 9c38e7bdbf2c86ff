"""A part of a set that stands for the whole."""

from __future__ import annotations

import numpy as np


def stratified_sample(labels: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """The places of `count` images, sorted, each digit with the share that it has in `labels`; all where there are
    no more. The same seed draws the same.
    """
    if len(labels) <= count:
        return np.arange(len(labels))
    # In an order that puts each digit together, the middle of each of `count` equal parts: no digit gains or loses one.
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return np.sort(order[((np.arange(count) + 0.5) * len(order) / count).astype(int)])
