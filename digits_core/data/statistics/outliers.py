"""Images worth a second look: labels that may be wrong, and images unlike the others of their digit.

None of this says that anything is wrong. It puts first what a person should look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digits_core.data.digits import CLASSES
from digits_core.data.statistics.components import principal_components
from digits_core.data.statistics.neighbours import NeighbourTable, disagreement

REBUILDING = 20
"""Components that rebuild the images of a digit: enough for its usual shapes, too few for an odd one."""
IMAGES_PER_COMPONENT = 4


@dataclass(frozen=True)
class Ranking:
    """Images in the order in which they are worth a look.

    places: int (R,); scores: float32 (R,), higher is odder; digits: int (R,), the digit that speaks against the label,
    the label itself where none does.
    """

    places: np.ndarray
    scores: np.ndarray
    digits: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


def doubted_labels(table: NeighbourTable, labels: np.ndarray) -> Ranking:
    """Images most of whose neighbours carry another label (Wilson 1972, edited nearest neighbours).

    The score is the share of the neighbours' votes against the label, 0 to 1. At the same share, the image whose
    neighbours are nearer comes first: they know it better.
    """
    against, digits = disagreement(table, labels)
    doubted = np.flatnonzero(digits != labels)
    order = doubted[np.lexsort((_mean_distance(table)[doubted], -against[doubted]))]
    return Ranking(order, against[order], digits[order])


def lonely_images(table: NeighbourTable, labels: np.ndarray) -> Ranking:
    """All images, the farthest from their neighbours first (Ramaswamy, Rastogi, Shim 2000).

    The score is the mean distance to the neighbours, in multiples of what is usual (the median) for the digit: a wide 2
    is far from other 2s, and nothing to wonder at.
    """
    return _ranked(_over_the_usual(_mean_distance(table), labels), labels)


def badly_rebuilt(misfits: np.ndarray, labels: np.ndarray) -> Ranking:
    """All images, those first that the usual shapes of their digit rebuild worst; `misfits` of `class_misfits`.

    The score is the error in multiples of what is usual (the median) for the digit.
    """
    return _ranked(_over_the_usual(misfits, labels), labels)


def class_misfits(images: np.ndarray, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """How badly the usual shapes of its digit rebuild each image: float32 (N,), grey levels per pixel.

    The shapes are the first 20 principal components, fewer where a digit has few images. They are those of one half of
    a digit's images, drawn by seed, and judge the other half: among the images that they come from, the oddest one
    would be a component itself, and rebuilt best of all. An image that is the only one of its digit is not judged.
    """
    misfits = np.zeros(len(images), dtype=np.float32)
    for digit in range(CLASSES):
        members = np.random.default_rng(seed).permutation(np.flatnonzero(labels == digit))
        halves = members[::2], members[1::2]
        for judged, others in (halves, halves[::-1]):
            if len(others):
                shapes = principal_components(images[others], min(REBUILDING, len(others) // IMAGES_PER_COMPONENT))
                misfits[judged] = shapes.misfit(images[judged])
    return misfits


def _mean_distance(table: NeighbourTable) -> np.ndarray:
    """To the neighbours, float32 (N,); zero where there are none."""
    return table.distances.mean(axis=1) if table.count else np.zeros(len(table), dtype=np.float32)


def _over_the_usual(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each value over the median of its digit, float32 (N,); 1 where all are zero."""
    medians = np.array(
        [np.median(values[labels == digit]) if (labels == digit).any() else 0 for digit in range(CLASSES)]
    )
    usual = medians[labels]
    return np.where(usual > 0, values / np.where(usual > 0, usual, 1), 1).astype(np.float32)


def _ranked(scores: np.ndarray, labels: np.ndarray) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    return Ranking(order, scores[order], labels[order])
