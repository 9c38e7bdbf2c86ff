"""Duplicate and near-duplicate images. Across the splits they leak: the network has seen them with their labels, so the
accuracy on them says nothing about new digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np

from digits_core.data.statistics.neighbours import NeighbourTable

Kind = Literal["train–train", "test–test", "train–test"]
KINDS: tuple[Kind, ...] = ("train–train", "test–test", "train–test")


@dataclass(frozen=True)
class Pairs:
    """Images that are nearly the same, the closest first.

    first, second: int (P,), indices in the dataset, first < second; distances: float32 (P,), grey levels per pixel.
    """

    first: np.ndarray
    second: np.ndarray
    distances: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def where(self, chosen: np.ndarray) -> Pairs:
        """Return the pairs for which `chosen`, bool (P,), is true."""
        return Pairs(self.first[chosen], self.second[chosen], self.distances[chosen])

    def kinds(self, test: np.ndarray) -> np.ndarray:
        """Return the index in `KINDS` of each pair: int (P,)."""
        both = test[self.first].astype(int) + test[self.second]
        return np.array([0, 2, 1])[both]

    def same_label(self, labels: np.ndarray) -> np.ndarray:
        """Return whether the two images of each pair have the same label, bool (P,)."""
        return labels[self.first] == labels[self.second]


def exact_groups(images: np.ndarray) -> list[np.ndarray]:
    """Return the indices of images (N, H, W) that are equal in every pixel, a sorted array per group of two or more.

    Found by their BLAKE2 hash; the largest groups come first.
    """
    groups: dict[bytes, list[int]] = {}
    for place, image in enumerate(np.ascontiguousarray(images)):
        groups.setdefault(blake2b(image.data, digest_size=16).digest(), []).append(place)
    found = [np.array(places) for places in groups.values() if len(places) > 1]
    return sorted(found, key=len, reverse=True)


def near_pairs(table: NeighbourTable, threshold: float) -> Pairs:
    """Return the pairs that are not equal and differ by at most `threshold` grey levels per pixel.

    Each image is compared only with its neighbours in the table: if an image has more near copies than the table has
    neighbours, some pairs are missing.
    """
    close = (table.distances > 0) & (table.distances <= threshold)
    rows, columns = np.nonzero(close)
    others = table.places[rows, columns].astype(np.int64)
    # Two images may each be the other's neighbour. One number per pair: NumPy sorts those faster than rows.
    pairs, where = np.unique(np.minimum(rows, others) * len(table) + np.maximum(rows, others), return_index=True)
    distances = table.distances[rows, columns][where]
    order = np.argsort(distances, kind="stable")
    first, second = np.divmod(pairs[order], max(1, len(table)))
    return Pairs(first, second, distances[order])


def count_exact(groups: list[np.ndarray], labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Count the pairs of equal images: int64 (3, 2), a row for each of `KINDS`, with equal and with different labels.

    Computed from the sizes of the groups: a thousand copies of one image are half a million pairs.
    """
    counts = np.zeros((len(KINDS), 2), dtype=np.int64)
    for group in groups:
        of_label = np.stack([np.bincount(labels[group][test[group] == part], minlength=10) for part in (False, True)])
        train, tested = of_label.sum(axis=1)
        every = np.array([train * (train - 1) // 2, tested * (tested - 1) // 2, train * tested])
        same = np.array([*(of_label * (of_label - 1) // 2).sum(axis=1), of_label.prod(axis=0).sum()])
        counts += np.stack([same, every - same], axis=1)
    return counts


def count_near(pairs: Pairs, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Count the pairs: int64 (3, 2), a row for each of `KINDS`, with equal and with different labels."""
    places = pairs.kinds(test) * 2 + ~pairs.same_label(labels)
    return np.bincount(places, minlength=len(KINDS) * 2).reshape(len(KINDS), 2)


def seen_in_training(groups: list[np.ndarray], pairs: Pairs, test: np.ndarray) -> int:
    """Count the test images that have an equal or nearly equal image in training."""
    seen = np.zeros(len(test), dtype=bool)
    for group in groups:
        if not test[group].all():
            seen[group] = True
    across = test[pairs.first] != test[pairs.second]
    seen[pairs.first[across]] = seen[pairs.second[across]] = True
    return int((seen & test).sum())
