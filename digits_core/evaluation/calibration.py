"""How well a network's confidence matches its accuracy, and what it gains by saying "I don't know".

Reliability diagram and expected calibration error: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern
Neural Networks" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

BINS = 15
"""Of equal width, as in the paper."""


@dataclass(frozen=True)
class Reliability:
    """Images by their confidence: bin m holds those above `edges[m]`, up to and including `edges[m + 1]`.

    edges: float (B + 1,); counts: int64 (B,); confidence and accuracy: means per bin, float (B,), NaN in an empty one.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: |accuracy - confidence| of the bins, weighted by their images; 0 to 1."""
        filled = self.counts > 0
        gaps = np.abs(self.accuracy[filled] - self.confidence[filled])
        return float(np.average(gaps, weights=self.counts[filled])) if filled.any() else nan


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> Reliability:
    """Sort predictions into bins by their confidence; confidence float (N,), 0 to 1, right bool (N,)."""
    which = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(which, weights=values, minlength=bins) / counts for values in (confidence, right)]
    return Reliability(np.linspace(0, 1, bins + 1), counts, *means)


@dataclass(frozen=True)
class Selective:
    """A network that says "I don't know" below `threshold`: how many images it answers, and how many correctly."""

    threshold: float
    images: int
    answered: int
    right: int

    @property
    def coverage(self) -> float:
        """The share of images that are answered."""
        return self.answered / self.images if self.images else nan

    @property
    def accuracy(self) -> float:
        """The share of the answers that are right; NaN if there are none."""
        return self.right / self.answered if self.answered else nan


def at_threshold(confidence: np.ndarray, right: np.ndarray, threshold: float) -> Selective:
    """Count the answers, and the right ones among them, if only confidences of at least `threshold` are answered."""
    answered = confidence >= threshold
    return Selective(threshold, len(right), int(answered.sum()), int((right & answered).sum()))


@dataclass(frozen=True)
class CoverageCurve:
    """Accuracy of what is answered against the share that is answered, from the surest image to all of them.

    Each float (P,), coverage rising: a point for each confidence that occurs, which is the threshold that gives it.
    """

    threshold: np.ndarray
    coverage: np.ndarray
    accuracy: np.ndarray


def coverage_curve(confidence: np.ndarray, right: np.ndarray) -> CoverageCurve:
    """Compute coverage and accuracy at every threshold that makes a difference."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    answered = np.arange(1, len(order) + 1)
    # Images of one confidence are answered together or not at all.
    last = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)[: len(order)]
    accuracy = np.cumsum(right[order]) / answered
    return CoverageCurve(sorted_confidence[last], answered[last] / max(1, len(order)), accuracy[last])
