"""The axes of the charts of a sweep: based on its plan, so that nothing moves while results come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Literal

from digits_core.figures.error_scale import log_axis
from digits_core.figures.palette import PERCENT_RANGE

Measure = Literal["accuracy", "seconds", "error"]
"""The highest accuracy is best, and the lowest time or error; errors are on a logarithmic scale."""
Value = int | float | str

ROOM = 0.06
"""The free space at both ends of an axis, as a fraction of what it shows."""
FEW_TICKS = 9
"""Up to this many planned values are the ticks of their axis; for more, plotly chooses the ticks."""


@dataclass(frozen=True)
class Axis:
    """What a sweep plans along an axis: all its values, or both ends of a range; whether it is logarithmic.

    `ticks` is True if there are no other values, so that a few of them can be the ticks.
    """

    values: Sequence[Value] = ()
    log: bool = False
    ticks: bool = False


def number_axis(axis: Axis, places: Sequence[Value]) -> dict[str, Any]:
    """Return a numeric axis with room for all `places` from the start; a few planned values are its ticks."""
    if not places:
        return {"type": "log" if axis.log else "linear"}
    numbers = [float(place) for place in places]
    log = axis.log and min(numbers) > 0
    low, high = (log10(end) if log else end for end in (min(numbers), max(numbers)))
    room = (high - low) * ROOM or (0.2 if log else abs(high) * ROOM or 1.0)
    found: dict[str, Any] = {"type": "log" if log else "linear", "range": [low - room, high + room]}
    if axis.ticks and len(places) <= FEW_TICKS:
        return found | {"tickvals": list(places), "ticktext": [f"{number:g}" for number in numbers]}
    # A logarithmic axis labels powers of ten, and also 2 and 5 times those if they are too few.
    return found | ({"dtick": 1 if high - low > 2.3 else "D2", "tickformat": "~g"} if log else {})


def category_axis(places: Sequence[Value]) -> dict[str, Any]:
    """Return a categorical axis that shows all `places`, including the outer ones, in full."""
    words = [word(place) for place in places]
    known = {"categoryorder": "array", "categoryarray": words, "range": [-0.54, len(words) - 0.46]} if words else {}
    return {"type": "category", **known}


def measure_axis(measure: Measure, values: Sequence[float]) -> dict[str, Any]:
    """Return the axis of a measure; plotly fits it, but clipped: for a single accuracy it would exceed 100 %."""
    if measure == "seconds":
        return {"rangemode": "tozero"}
    if measure == "error":
        return log_axis(values, percent=True)
    if not values:
        return {"tickformat": "~%", "range": [0, 1.02]}
    return {"tickformat": "~%", "autorange": True, "autorangeoptions": PERCENT_RANGE}


def in_order(values: Sequence[Value | None]) -> list[Value]:
    """Return the values without duplicates: numbers sorted, text in its original order."""
    once = [value for value in dict.fromkeys(values) if value is not None]
    numbers = [value for value in once if not isinstance(value, str)]
    return [*sorted(numbers)] if len(numbers) == len(once) else once


def are_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def word(value: Value) -> str:
    """Return the value as a category: as text, because plotly would place a number by size."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def on_axis(value: Value) -> Value:
    """Return the value as a coordinate on an axis that may be numeric."""
    return word(value) if isinstance(value, str) else value
