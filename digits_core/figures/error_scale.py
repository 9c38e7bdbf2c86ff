"""Axes that distinguish accuracies near 100 %: fitted to the last epochs, or with the error on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10
from typing import Any

import numpy as np

FLOORS = (0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)
"""Where an accuracy axis may begin: in steps, so that it rarely changes while points arrive."""
FITTED_TO = 3
"""An axis is fitted to the later half of the epochs, and at least to this many."""
ROUNDING = 1e-9
"""Accuracies are multiples of one image: an error closer to 0 than this is due to rounding."""
TICKS = (1, 2, 5)
FEW_DECADES = 2.4
"""Above this many factors of ten, only powers of ten are ticks."""
ROOM = 0.03
"""The free space at both ends of a logarithmic axis, as a share of what lies between."""
LEAST_FACTOR = 5
"""The minimum ratio of the ends of a logarithmic axis, so that a single value does not magnify it."""


def last_epochs(values: Sequence[float] | np.ndarray) -> Sequence[float] | np.ndarray:
    """Return the values that an axis is fitted to."""
    return values[-max(FITTED_TO, -(-len(values) // 2)) :]


def accuracy_range(lines: Iterable[Sequence[float] | np.ndarray]) -> list[float]:
    """Return the range of a linear axis for the last epochs of these lines; 0 to 100 % if there are none yet."""
    known = _known([value for line in lines for value in last_epochs(line)])
    lowest = float(known.min()) if len(known) else 0.0
    wanted = lowest - 0.1 * (1 - lowest)
    low = next(step for step in FLOORS if step <= max(0.0, wanted))
    return [low, 1 + 0.03 * (1 - low)]


def errors_of(accuracies: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return 1 − accuracy, float (n,)."""
    errors = 1 - np.asarray(accuracies, dtype=float)
    return np.where(np.abs(errors) < ROUNDING, 0.0, errors)


def log_axis(values: Iterable[float], percent: bool = False) -> dict[str, Any]:
    """Return a logarithmic axis for these values, 0 or greater; a 0 is drawn at its lower end: see `on_log`."""
    known = _known(list(values))
    positive = known[known > 0]
    smallest, largest = (float(positive.min()), float(positive.max())) if len(positive) else (0.01, 1.0)
    low = _nice_below(smallest / 2 if (known == 0).any() else smallest)
    high = max(_nice_above(largest), LEAST_FACTOR * low)
    high = min(high, 1.0) if percent and low < 0.5 else high
    ticks = _ticks(low, high)
    texts = [f"{100 * tick:.4g}%" if percent else f"{tick:.4g}" for tick in ticks]
    room = ROOM * (log10(high) - log10(low))
    return {
        "type": "log",
        "range": [log10(low) - room, log10(high) + room],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": texts,
        "autorange": False,
    }


def on_log(values: Sequence[float] | np.ndarray, axis: dict[str, Any]) -> np.ndarray:
    """Return the values to draw on such an axis: a 0, which it cannot show, is moved to its lower edge."""
    values, (low, high) = np.asarray(values, dtype=float), axis["range"]
    return np.where(values == 0, 10 ** (low + ROOM / (1 + 2 * ROOM) * (high - low)), values)


def _known(values: Sequence[float]) -> np.ndarray:
    array = np.array([np.nan if value is None else value for value in values], dtype=float)
    return array[np.isfinite(array)]


def _ticks(low: float, high: float) -> list[float]:
    steps = TICKS if log10(high / low) <= FEW_DECADES else (1,)
    decades = range(floor(log10(low)) - 1, floor(log10(high)) + 2)
    found = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in found if low * 0.999 <= tick <= high * 1.001]


def _nice_below(value: float) -> float:
    decade = 10.0 ** floor(log10(value))
    return max(step * decade for step in TICKS if step * decade <= value * 1.001)


def _nice_above(value: float) -> float:
    decade = 10.0 ** floor(log10(value))
    return min(step * decade for step in (*TICKS, 10) if step * decade >= value * 0.999)
