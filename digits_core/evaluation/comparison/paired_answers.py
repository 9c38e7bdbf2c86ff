"""Two runs' predictions for the same test images: which run is right on which image, and where they disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digits_core.evaluation.metrics import Answers


@dataclass(frozen=True)
class Disagreement:
    """Two runs' predictions for the same images, int64 (N,) each: the labels, the first's predictions, the second's."""

    labels: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def only_first_right(self) -> np.ndarray:
        return np.flatnonzero((self.first == self.labels) & (self.second != self.labels))

    @property
    def only_second_right(self) -> np.ndarray:
        return np.flatnonzero((self.first != self.labels) & (self.second == self.labels))

    @property
    def both_wrong_otherwise(self) -> np.ndarray:
        """The indices where both are wrong, each with another prediction."""
        wrong = (self.first != self.labels) & (self.second != self.labels)
        return np.flatnonzero(wrong & (self.first != self.second))

    @property
    def both_wrong_alike(self) -> np.ndarray:
        return np.flatnonzero((self.first != self.labels) & (self.first == self.second))

    @property
    def everywhere(self) -> np.ndarray:
        """The indices where the predictions differ, whichever is right."""
        return np.flatnonzero(self.first != self.second)


def disagreement(first: Answers, second: Answers) -> Disagreement:
    """Compare two runs' predictions; raise `ValueError` if they cannot be for the same images."""
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("the labels differ: these are answers to different images")
    return Disagreement(first.labels, first.digits, second.digits)
