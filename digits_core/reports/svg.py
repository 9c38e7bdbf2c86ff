"""A chart of curves as SVG: it needs no script, so that it also shows in mails and on paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from digits_core.markup import Html

WIDTH, HEIGHT = 560, 330
LEFT, RIGHT, TOP, BOTTOM = 64, 40, 34, 42
"""Margins around the plotted area, for the title, the tick labels and the labels at the ends of the curves."""
LABEL_HEIGHT = 18
TICKS = 5
MOST_POINTS = 60
"""Longer curves are drawn without a mark for each epoch."""


@dataclass(frozen=True)
class SvgCurve:
    """One value per epoch. `name` and `label`, which is drawn at the curve's end, are text and never markup."""

    name: str
    colour: str
    epochs: Sequence[int]
    values: Sequence[float]
    dotted: bool = False
    label: str = ""


def chart(
    title: str, curves: Sequence[SvgCurve], words: Callable[[float], str], most: float | None = None, log: bool = False
) -> Html:
    """Draw the curves over their epochs; `words` formats a value for display, `most` is the highest tick.

    A logarithmic axis (`log`) needs values above 0.
    """
    known = [value for curve in curves for value in curve.values if math.isfinite(value)]
    values = known or [0.0, 1.0]
    last = max((epoch for curve in curves for epoch in curve.epochs), default=1)
    ticks = (factors_around if log else ticks_around)(min(values), max(values))
    ticks = [tick for tick in ticks if most is None or tick <= most + 1e-9] or ticks
    place = math.log10 if log else float
    low, high = place(min(ticks[0], *values)), place(max(ticks[-1], *values))

    def x(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / (last - 1) if last > 1 else 0.5)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (place(value) - low) / ((high - low) or 1)

    parts = [f'<text class="title" x="0" y="16">{escape(title)}</text>']
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{escape(words(tick))}</text>')
    for epoch in epoch_ticks(last):
        parts.append(f'<text x="{x(epoch):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{epoch}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>')
    parts += [_curve(curve, x, y, words) for curve in curves if curve.epochs]
    parts += _labels(curves, x, y)
    if not known:
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{middle}" text-anchor="middle">No values yet</text>')
    label = escape(f"{title}: {', '.join(curve.name for curve in curves)}")
    return Html(f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>')


def _curve(
    curve: SvgCurve, x: Callable[[float], float], y: Callable[[float], float], words: Callable[[float], str]
) -> str:
    points = [(epoch, value) for epoch, value in zip(curve.epochs, curve.values, strict=True) if math.isfinite(value)]
    line = " ".join(f"{x(epoch):.1f},{y(value):.1f}" for epoch, value in points)
    dash = ' stroke-dasharray="2 5"' if curve.dotted else ""
    marks = "".join(
        f'<circle cx="{x(epoch):.1f}" cy="{y(value):.1f}" r="{2.2 if curve.dotted else 3.4}" fill="{curve.colour}">'
        f"<title>{escape(f'{curve.name}, epoch {epoch}: {words(value)}')}</title></circle>"
        for epoch, value in (points if len(points) <= MOST_POINTS else points[-1:])
    )
    return (
        f'<polyline points="{line}" fill="none" stroke="{curve.colour}" stroke-width="2.2" stroke-linejoin="round" '
        f'stroke-linecap="round"{dash}><title>{escape(curve.name)}</title></polyline>{marks}'
    )


def _labels(curves: Sequence[SvgCurve], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    """Draw the labels at the ends of the curves, moved apart if they would overlap."""
    ends: dict[float, list[tuple[float, str]]] = {}
    for curve in curves:
        points = [each for each in zip(curve.epochs, curve.values, strict=True) if math.isfinite(each[1])]
        if curve.label and points:
            ends.setdefault(x(points[-1][0]), []).append((y(points[-1][1]), curve.label))
    labels = []
    for across, those in ends.items():
        those.sort()
        heights = spread_out([height for height, _ in those], LABEL_HEIGHT, TOP, HEIGHT - BOTTOM)
        labels += [
            f'<text class="label" x="{across + 8:.1f}" y="{height + 4:.1f}">{escape(label)}</text>'
            for height, (_, label) in zip(heights, those, strict=True)
        ]
    return labels


def spread_out(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move sorted places so that each is at least `gap` from the next, between `low` and `high` if there is room."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else max(place, low))
    limit = max(high, low + gap * (len(moved) - 1))
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], limit)
        limit = moved[number] - gap
    return moved


def ticks_around(low: float, high: float) -> list[float]:
    """Return evenly spaced round numbers, from at most the lowest value to at least the highest."""
    span = (high - low) or abs(high) or 1.0
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def factors_around(low: float, high: float) -> list[float]:
    """Return ticks at 1, 2 and 5 times powers of ten that span the values; only the powers if there are too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    below = max((step for step in steps if step <= low * 1.000001), default=steps[0])
    above = min((step for step in steps if step >= high * 0.999999), default=steps[-1])
    ticks = [step for step in steps if below <= step <= above]
    return ticks if len(ticks) <= TICKS + 2 else [tick for tick in ticks if round(math.log10(tick), 6) % 1 == 0]


def epoch_ticks(last: int) -> list[int]:
    """Return at most about ten evenly spaced epochs to label on the axis, and always the first."""
    step = next(factor for factor in (1, 2, 5, 10, 20, 50, 100, 200) if last <= factor * 10)
    return [1, *range(step, last + 1, step)] if step > 1 else list(range(1, last + 1))
