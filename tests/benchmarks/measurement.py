"""What a benchmark returns: measurements, each with its spread and, where the design has one, its target."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Figure = Literal["median", "p95", "most", "total"]
"""Which figure of all values counts: `total` is a single value that was counted or added up."""


@dataclass(frozen=True)
class Target:
    """A limit that a figure is held to: an upper one unless `at_least`."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return (operator.ge if self.at_least else operator.le)(value, self.limit)

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {in_words(self.limit)}"


@dataclass(frozen=True)
class Measurement:
    """What was measured: its values in the order in which they came, and the one figure of them that counts.

    `spread` is the 5th and the 95th percentile of the values; of a ratio, those of the rounds' own ratios.
    """

    what: str
    unit: str
    figure: Figure
    value: float
    spread: tuple[float, float]
    values: tuple[float, ...] = ()
    target: Target | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "met" if self.target.met(self.value) else "missed"

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: numbers unrounded."""
        return asdict(self) | {"target": str(self.target or ""), "verdict": self.verdict}


def measured(
    what: str,
    unit: str,
    values: Sequence[float],
    figure: Figure = "median",
    target: Target | None = None,
    note: str = "",
) -> Measurement:
    """Values of one thing, measured again and again."""
    value = figure_of(values, figure)
    return Measurement(what, unit, figure, value, spread_of(values), tuple(values), target, note)


def counted(what: str, unit: str, value: float, target: Target | None = None, note: str = "") -> Measurement:
    """One value that has no spread."""
    return Measurement(what, unit, "total", value, (value, value), (value,), target, note)


def ratio(
    what: str,
    above: Sequence[float],
    below: Sequence[float],
    figure: Figure = "median",
    target: Target | None = None,
    note: str = "",
) -> Measurement:
    """The figure of one thing as a multiple of another's that was measured in turn with it.

    The spread is that of the single rounds, so that what slowed both down for a while does not widen it.
    """
    rounds = [over / under for over, under in zip(above, below, strict=False)]
    value = figure_of(above, figure) / figure_of(below, figure)
    return Measurement(what, "×", figure, value, spread_of(rounds), tuple(rounds), target, note)


def figure_of(values: Sequence[float], figure: Figure) -> float:
    match figure:
        case "median":
            return statistics.median(values)
        case "p95":
            return percentile(values, 95)
        case "most":
            return max(values)
        case "total":
            return sum(values)


def spread_of(values: Sequence[float]) -> tuple[float, float]:
    return percentile(values, 5), percentile(values, 95)


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation between the two values next to it, as numpy does it."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def in_words(value: float) -> str:
    """Three figures, and no more digits after the point than that."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
