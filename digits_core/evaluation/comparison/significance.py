"""The significance of a result, and of the difference of two: standard error, spread of repeats, McNemar's test."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from math import comb, nan, sqrt

HARDLY_CHANCE = 0.05
"""Below this value of `chance_of`, a difference counts as more than chance."""


@dataclass(frozen=True)
class Spread:
    """The mean of `count` values and their standard deviation (of a sample, n − 1), `None` for one alone."""

    mean: float
    deviation: float | None
    count: int


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return the spread of the values that are not `None`, or `None` if there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None, len(known))


def standard_error(share: float, count: int) -> float:
    """Return the standard error of a share of `count` images: √(p(1 - p)/n).

    By that much it typically differs from the share of all images like them. NaN without images.
    """
    return sqrt(share * (1 - share) / count) if count else nan


def chance_of(only_first: int, only_second: int) -> float:
    """Return how likely a split at least as uneven as this is if both runs are equally good: 0 to 1.

    McNemar's test in its exact form, two-sided: each image that only one run got right is a toss of a coin (McNemar
    1947, https://doi.org/10.1007/BF02295996).

    Args:
        only_first: How many images only the first run got right.
        only_second: How many images only the second run got right.
    """
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    # Integers up to the last step: two to the power of thousands does not fit in a float.
    return min(1.0, 2 * sum(comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses)
