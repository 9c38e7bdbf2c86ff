"""Several runs beside each other, as numbers: smoothed curves, what differs, who is best for the time, who errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np

from digits_core.runs.artifacts import TestResult
from digits_core.runs.rows import Run

TestImages = tuple[tuple[str, str], ...]
"""What tells one set of test images from another: the name and the fingerprint of each dataset that they are from."""
HARDLY_CHANCE = 0.05
"""Below this value of `chance_of`, a difference is taken for more than chance."""


def smooth(values: Sequence[float], strength: float) -> np.ndarray:
    """An exponential moving average of `values`, float (n,); `strength` 0 leaves them as they are, below 1.

    The average starts at nothing and is divided by the weight that it has gathered, as Adam does with its moments
    (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, section 3), so that the first values are not drawn towards 0.
    """
    if not 0 <= strength < 1:
        raise ValueError(f"strength is {strength}, but should be from 0 to below 1")
    smoothed, average, weight = np.empty(len(values)), 0.0, 0.0
    for place, value in enumerate(values):
        average = strength * average + (1 - strength) * value
        weight = strength * weight + (1 - strength)
        smoothed[place] = average / weight
    return smoothed


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a sample, the deviation with n - 1 in its denominator; 0 for a single value."""

    mean: float
    deviation: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """The spread of one value or more."""
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, len(values))


def best_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """The places for which no other costs at most as much and is worth more, or costs less and is worth as much.

    In the order of their costs: the Pareto front. Of equals, the first.
    """
    front: list[int] = []
    for place in sorted(range(len(costs)), key=lambda place: (costs[place], -values[place], place)):
        if not front or values[place] > values[front[-1]]:
            front.append(place)
    return front


def images_tested_on(runs: Sequence[Run]) -> list[TestImages | None]:
    """Return what each run was tested on, equal for the same images; `None` where it has not said which those were.

    A dataset without a test image, as handwriting is at its beginning, counts for nothing. Older runs have noted their
    datasets as a whole: what these hold to test on is known from newer runs among `runs`, if at all.
    """
    parts = {
        noted: part
        for run in runs
        for name, part in run.environment.get("tested_on", {}).items()
        if (noted := _as_a_whole(run, name))
    }
    return [_images_of(run, parts) for run in runs]


def _images_of(run: Run, parts: Mapping[tuple[str, str], str]) -> TestImages | None:
    tested = run.environment.get("tested_on")
    if tested is not None:
        return tuple((name, tested[name]) for name in run.config.data.test if name in tested)
    noted = [each for name in run.config.data.test if (each := _as_a_whole(run, name))]
    if len(noted) < len(run.config.data.test):
        return None
    return tuple((each[0], parts.get(each, each[1])) for each in noted)


def _as_a_whole(run: Run, name: str) -> tuple[str, str] | None:
    """Return a dataset and what tells its state and its split by writers from others."""
    fingerprint = run.environment.get("datasets", {}).get(name)
    return (name, " ".join((fingerprint, *run.config.data.test_writers))) if fingerprint else None


def share_test_images(first: Run, second: Run) -> bool:
    """Whether both were asked about the same images in the same order."""
    one, other = images_tested_on([first, second])
    return one is not None and one == other


class DigitCounts(NamedTuple):
    """For each digit, int (10,): how many test images of it were recognised, and how many there are."""

    right: np.ndarray
    images: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Fractions of 1, float (10,); NaN for a digit without images."""
        return np.divide(self.right, self.images, out=np.full(10, np.nan), where=self.images > 0)


def digit_counts(result: TestResult) -> DigitCounts:
    """How each digit fared in a test."""
    right = result.labels[result.logits.argmax(axis=1) == result.labels]
    return DigitCounts(np.bincount(right, minlength=10), np.bincount(result.labels, minlength=10))


@dataclass(frozen=True)
class Disagreement:
    """Two runs' answers to the same images: labels, both answers and who is right, each (N,)."""

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
        """Where both err, each with another answer."""
        wrong = (self.first != self.labels) & (self.second != self.labels)
        return np.flatnonzero(wrong & (self.first != self.second))

    @property
    def both_wrong_alike(self) -> np.ndarray:
        return np.flatnonzero((self.first != self.labels) & (self.first == self.second))

    @property
    def everywhere(self) -> np.ndarray:
        """Where the answers differ, whoever is right."""
        return np.flatnonzero(self.first != self.second)


def disagreement(first: TestResult, second: TestResult) -> Disagreement:
    """Compare two runs' answers; `ValueError` where they cannot be about the same images."""
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("the labels differ: these are answers to different images")
    return Disagreement(first.labels, first.logits.argmax(axis=1), second.logits.argmax(axis=1))


def chance_of(only_first: int, only_second: int) -> float:
    """How likely so uneven a split, or one more uneven, is if both runs were equally good: 0 to 1.

    McNemar's test in its exact form, two-sided: each image that only one run got right is a toss of a coin
    (McNemar 1947, https://doi.org/10.1007/BF02295996).
    """
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    # Whole numbers to the last step: two to the power of thousands is no float.
    return min(1.0, 2 * sum(comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses)
