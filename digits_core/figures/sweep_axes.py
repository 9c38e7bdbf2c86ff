"""The axes of the charts of a sweep: made of what it plans, so that nothing moves while results come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Literal

from digits_core.figures.error_scale import log_axis
from digits_core.figures.palette import PERCENT_RANGE

Measure = Literal["accuracy", "seconds", "error"]
"""Of accuracies the highest is best, of times and errors the lowest; errors are on a logarithmic scale."""
Value = int | float | str

ROOM = 0.06
"""The free space at both ends of an axis, as a share of what it shows."""
FEW_TICKS = 9
"""So many planned values are the ticks of their axis; more are left to plotly."""


@dataclass(frozen=True)
class Axis:
    """What a sweep plans along an axis: all its values, or both ends of a range; whether it is logarithmic.

    `ticks` says that the values are all there are, so that a few of them are the ticks.
    """

    values: Sequence[Value] = ()
    log: bool = False
    ticks: bool = False


def number_axis(axis: Axis, places: Sequence[Value]) -> dict[str, Any]:
    """Return an axis with room for all these places from the beginning; a few planned values are its ticks."""
    if not places:
        return {"type": "log" if axis.log else "linear"}
    numbers = [float(place) for place in places]
    log = axis.log and min(numbers) > 0
    low, high = (log10(end) if log else end for end in (min(numbers), max(numbers)))
    room = (high - low) * ROOM or (0.2 if log else abs(high) * ROOM or 1.0)
    found: dict[str, Any] = {"type": "log" if log else "linear", "range": [low - room, high + room]}
    if axis.ticks and len(places) <= FEW_TICKS:
        return found | {"tickvals": list(places), "ticktext": [f"{number:g}" for number in numbers]}
    # A logarithmic axis names factors of ten, or 2 and 5 too, where those are too few.
    return found | ({"dtick": 1 if high - low > 2.3 else "D2", "tickformat": "~g"} if log else {})


def category_axis(places: Sequence[Value]) -> dict[str, Any]:
    """Return an axis with a place for each of these, the outer ones whole."""
    words = [word(place) for place in places]
    known = {"categoryorder": "array", "categoryarray": words, "range": [-0.54, len(words) - 0.46]} if words else {}
    return {"type": "category", **known}


def measure_axis(measure: Measure, values: Sequence[float]) -> dict[str, Any]:
    """Return the axis of a result; plotly fits it to the results, and would show more than all for a single one."""
    if measure == "seconds":
        return {"rangemode": "tozero"}
    if measure == "error":
        return log_axis(values, percent=True)
    if not values:
        return {"tickformat": "~%", "range": [0, 1.02]}
    return {"tickformat": "~%", "autorange": True, "autorangeoptions": PERCENT_RANGE}


def in_order(values: Sequence[Value | None]) -> list[Value]:
    """Each once: numbers by size, words as they came."""
    once = [value for value in dict.fromkeys(values) if value is not None]
    numbers = [value for value in once if not isinstance(value, str)]
    return [*sorted(numbers)] if len(numbers) == len(once) else once


def are_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def word(value: Value) -> str:
    """As a category: a number written out, which plotly would else place by size."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def on_axis(value: Value) -> Value:
    """As a place on an axis that may be one of numbers."""
    return word(value) if isinstance(value, str) else value
