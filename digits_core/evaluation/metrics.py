"""Metrics of a network's predictions on a test set: the confusion matrix and what is computed from it. Plain NumPy.

The tests compare them with scikit-learn's, whose import would slow down every page that shows them by seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import NamedTuple

import numpy as np

from digits_core.data.digits import CLASSES
from digits_core.runs.artifacts import TestResult

DIVERGED = "This run diverged (NaN), so there is nothing to evaluate."
"""The message for a run whose logits are NaN."""


@dataclass(frozen=True)
class Answers:
    """A network's predictions for labelled images: labels int64 (N,), logits float (N, 10)."""

    labels: np.ndarray
    logits: np.ndarray

    @classmethod
    def of(cls, result: TestResult) -> Answers:
        return cls(result.labels, result.logits)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits, float64 (N, 10)."""
        logits = self.logits.astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        return powers / powers.sum(axis=1, keepdims=True)

    @cached_property
    def digits(self) -> np.ndarray:
        """The digit with the highest logit, the first if several are equal, int64 (N,)."""
        return self.logits.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted digit, float64 (N,), 0.1 to 1."""
        return self.probabilities.max(axis=1, initial=0)

    @cached_property
    def right(self) -> np.ndarray:
        """True where the prediction equals the label, bool (N,)."""
        return self.digits == self.labels

    @cached_property
    def confusion(self) -> np.ndarray:
        """How often each digit (row) was recognised as which (column), int64 (10, 10)."""
        cells = self.labels * CLASSES + self.digits
        return np.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)

    @property
    def accuracy(self) -> float:
        return accuracy(self.confusion)

    def where(self, label: int | None = None, answer: int | None = None, wrong: bool = False) -> np.ndarray:
        """Return the indices in one cell, row or column of the matrix, or all; highest confidence first. int64 (n,)."""
        chosen = ~self.right if wrong else np.ones(len(self), dtype=bool)
        if label is not None:
            chosen &= self.labels == label
        if answer is not None:
            chosen &= self.digits == answer
        places = np.flatnonzero(chosen)
        return places[np.argsort(-self.confidence[places], kind="stable")]


@dataclass(frozen=True)
class DigitScores:
    """One digit's scores: how many test images show it, how many were predicted to be it, and three fractions of 1.

    precision: the share of the predictions of this digit that are right; recall: the share of its images that were
    recognised; f1: their harmonic mean. NaN where the denominator is zero.
    """

    digit: int
    images: int
    answers: int
    precision: float
    recall: float
    f1: float


def per_digit(confusion: np.ndarray) -> list[DigitScores]:
    """Return precision, recall and F1 of each digit from a confusion matrix (10, 10)."""
    right, images, answers = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        DigitScores(
            digit,
            int(images[digit]),
            int(answers[digit]),
            _share(right[digit], answers[digit]),
            _share(right[digit], images[digit]),
            _share(2 * right[digit], images[digit] + answers[digit]),
        )
        for digit in range(len(confusion))
    ]


class DigitCounts(NamedTuple):
    """For each digit, int (10,): how many test images of it were recognised, and how many there are."""

    right: np.ndarray
    images: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Fractions of 1, float (10,); NaN for a digit without images."""
        return np.divide(self.right, self.images, out=np.full(10, np.nan), where=self.images > 0)


def digit_counts(answers: Answers) -> DigitCounts:
    """Count for each digit its test images and those of them that were recognised."""
    right = answers.labels[answers.right]
    return DigitCounts(np.bincount(right, minlength=CLASSES), np.bincount(answers.labels, minlength=CLASSES))


def accuracy(confusion: np.ndarray) -> float:
    """Return the share of all images that were recognised; NaN if there are none."""
    return _share(confusion.trace(), confusion.sum())


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else nan
