"""Images worth a second look: labels that may be wrong, and images unlike the others of their digit.

A high rank does not mean that anything is wrong, only that a person should look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digits_core.data.digits import CLASSES
from digits_core.data.statistics.components import principal_components
from digits_core.data.statistics.neighbours import NeighbourTable, disagreement

REBUILDING = 20
"""Components used to reconstruct the images of a digit: enough for its usual shapes, too few for unusual ones."""
IMAGES_PER_COMPONENT = 4


@dataclass(frozen=True)
class Ranking:
    """Images, the most unusual first.

    places: int (R,), indices in the dataset; scores: float32 (R,), higher is more unusual; digits: int (R,), the digit
    that the neighbours suggest instead of the label, or the label itself if there is none.
    """

    places: np.ndarray
    scores: np.ndarray
    digits: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


def doubted_labels(table: NeighbourTable, labels: np.ndarray) -> Ranking:
    """Rank the images most of whose neighbours have another label (Wilson 1972, edited nearest neighbours).

    The score is the share of the neighbours' votes against the label, 0 to 1. Of images with the same share, the one
    whose neighbours are nearer comes first: their votes are more reliable.
    """
    against, digits = disagreement(table, labels)
    doubted = np.flatnonzero(digits != labels)
    order = doubted[np.lexsort((_mean_distance(table)[doubted], -against[doubted]))]
    return Ranking(order, against[order], digits[order])


def lonely_images(table: NeighbourTable, labels: np.ndarray) -> Ranking:
    """Rank all images, the farthest from their neighbours first (Ramaswamy, Rastogi, Shim 2000).

    The score is the mean distance to the neighbours, in multiples of the median for the digit: a wide 2 is far from
    other 2s, which is nothing unusual.
    """
    return _ranked(_over_the_usual(_mean_distance(table), labels), labels)


def badly_rebuilt(misfits: np.ndarray, labels: np.ndarray) -> Ranking:
    """Rank all images by how badly the usual shapes of their digit fit, the worst first; `misfits` of `class_misfits`.

    The score is the error in multiples of the median for the digit.
    """
    return _ranked(_over_the_usual(misfits, labels), labels)


def class_misfits(images: np.ndarray, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return how badly the usual shapes of its digit reconstruct each image: float32 (N,), grey levels per pixel.

    The shapes are the first 20 principal components, fewer if a digit has few images. They are computed from one half
    of a digit's images, drawn by seed, and judge the other half: among the images used to compute them, the most
    unusual one would be a component itself, and be reconstructed best of all. The only image of a digit is not judged.
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
    """Return the mean distance to the neighbours, float32 (N,); zero if there are none."""
    return table.distances.mean(axis=1) if table.count else np.zeros(len(table), dtype=np.float32)


def _over_the_usual(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each value divided by the median of its digit, float32 (N,); 1 if the median is zero."""
    medians = np.array(
        [np.median(values[labels == digit]) if (labels == digit).any() else 0 for digit in range(CLASSES)]
    )
    usual = medians[labels]
    return np.where(usual > 0, values / np.where(usual > 0, usual, 1), 1).astype(np.float32)


def _ranked(scores: np.ndarray, labels: np.ndarray) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    return Ranking(order, scores[order], labels[order])
