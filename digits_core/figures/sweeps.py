"""Charts of a sweep: what came out against what was varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, Literal

import plotly.graph_objects as go

from digits_core.figures.palette import figure

Measure = Literal["accuracy", "seconds"]
Value = bool | int | float | str

HEIGHT = 400
MEASURES: dict[Measure, tuple[str, str]] = {
    "accuracy": ("test accuracy", ".2%"),
    "seconds": ("training time (s)", ".1f"),
}
LINE = "#3472ff"
BAND = "rgba(52,114,255,0.16)"
BEST = "#e08a3c"
SCALE = ((0, "#dfe8fb"), (1, "#1f3f9e"))
"""Dark is good: of times the shortest."""
DARK_FROM = 0.65
"""From this share of the scale on, white is easier to read on it than black."""
ON_DARK, ON_LIGHT, ON_PAGE = "#ffffff", "#10142a", "#8a8fa3"
DASH = {"symbol": "line-ew-open", "size": 44, "color": LINE, "line": {"width": 2.5}}
ROOM = 0.08
"""Free space at both ends of an axis, as a share of what it shows."""
SHOWN_IN_CELLS = 144
"""A heat map with more cells leaves their numbers to the pointer."""


@dataclass(frozen=True)
class Result:
    """One run: what it was set to along each axis, and its `value`, `None` where it failed or diverged."""

    x: Value
    y: Value | None
    value: float | None
    name: str


def against_one(results: Sequence[Result], name: str, measure: Measure, log: bool) -> go.Figure:
    """Each run as a point, the mean of those with the same setting as a line, from least to most as a band.

    Between words there is nothing that a line could mean: there a mean is a dash.
    """
    words, form = MEASURES[measure]
    chart = figure(_title(words, name, len(results)), HEIGHT, showlegend=False)
    places = _in_order([result.x for result in results])
    numbers = all(isinstance(place, int | float) and not isinstance(place, bool) for place in places)
    at = {place: [r.value for r in results if r.x == place and r.value is not None] for place in places}
    known = [place for place in places if at[place]]
    xs = known if numbers else [_word(place) for place in known]
    band = "tonexty" if numbers else None
    for values, fill in (([min(at[place]) for place in known], None), ([max(at[place]) for place in known], band)):
        chart.add_scatter(x=xs, y=values, mode="lines", line={"width": 0}, fill=fill, fillcolor=BAND, hoverinfo="skip")
    chart.add_scatter(
        x=xs, y=[mean(at[place]) for place in known], mode="lines" if numbers else "markers",
        line={"color": LINE, "width": 2.5}, marker=DASH, hoverinfo="skip",
    )  # fmt: skip
    done = [result for result in results if result.value is not None]
    _points(chart, done, numbers, form, {"color": LINE, "size": 9, "opacity": 0.75})
    lost = [result for result in results if result.value is None]
    floor = min((result.value for result in done), default=0.0)
    chart.add_scatter(
        x=[result.x if numbers else _word(result.x) for result in lost], y=[floor] * len(lost), mode="markers",
        marker={"symbol": "x", "size": 10, "color": "#a92a43"}, text=[result.name for result in lost],
        hovertemplate="%{text}<br>no result<extra></extra>",
    )  # fmt: skip
    if done:
        _points(chart, [_best(done, measure)], numbers, form, _ring())
    chart.update_xaxes(title=name, **(_number_axis(known, log) if numbers else {"type": "category"}))
    chart.update_yaxes(title=words, tickformat="~%" if measure == "accuracy" else None)
    return _steady(chart)


def against_two(
    results: Sequence[Result],
    names: tuple[str, str],
    measure: Measure,
    axes: tuple[Sequence[Value], Sequence[Value]] = ((), ()),
) -> go.Figure:
    """A heat map of the mean over the runs with the same two settings; the best one framed.

    `axes` are the values that are still to come, so that each cell has its place from the beginning.
    """
    words, form = MEASURES[measure]
    chart = figure(_title(words, f"{names[0]} and {names[1]}", len(results)), HEIGHT, showlegend=False)
    xs = _in_order([*axes[0], *(each.x for each in results)])
    ys = _in_order([*axes[1], *(each.y for each in results)])
    cells = {(x, y): [r for r in results if r.x == x and r.y == y] for x in xs for y in ys}
    means = {
        place: mean(each.value for each in there if each.value is not None)
        for place, there in cells.items()
        if any(each.value is not None for each in there)
    }
    texts = [[_cell(cells[x, y], means.get((x, y)), form) for x in xs] for y in ys]
    chart.add_heatmap(
        x=[_word(x) for x in xs], y=[_word(y) for y in ys], z=[[means.get((x, y)) for x in xs] for y in ys],
        text=texts, colorscale=SCALE,
        reversescale=measure == "seconds", showscale=False, xgap=2, ygap=2, hoverongaps=False,
        hovertemplate=f"{names[0]} %{{x}}<br>{names[1]} %{{y}}<br>{words} %{{text}}<extra></extra>",
    )  # fmt: skip
    if len(xs) * len(ys) <= SHOWN_IN_CELLS:
        dark = _dark_cells(means, measure)
        chart.add_scatter(
            x=[_word(x) for _ in ys for x in xs], y=[_word(y) for y in ys for _ in xs], mode="text", hoverinfo="skip",
            text=[text for row in texts for text in row],
            textfont={"color": [ON_PAGE if (x, y) not in means else ON_DARK if (x, y) in dark else ON_LIGHT
                                for y in ys for x in xs]},
        )  # fmt: skip
    if means:
        best = (max if measure == "accuracy" else min)(means, key=means.get)
        column, row = xs.index(best[0]), ys.index(best[1])
        chart.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": BEST, "width": 4},
        )  # fmt: skip
    chart.update_xaxes(title=names[0], type="category")
    chart.update_yaxes(title=names[1], type="category")
    return _steady(chart)


def over_two(results: Sequence[Result], names: tuple[str, str], measure: Measure, logs: tuple[bool, bool]) -> go.Figure:
    """Each run as a point in the plane of two settings, its result as the colour: for settings that were drawn."""
    words, form = MEASURES[measure]
    chart = figure(_title(words, f"{names[0]} and {names[1]}", len(results)), HEIGHT, showlegend=False)
    done = [result for result in results if result.value is not None]
    marker = {
        "size": 14, "color": [result.value for result in done], "colorscale": SCALE, "line": {"width": 1},
        "reversescale": measure == "seconds", "showscale": True,
        "colorbar": {"tickformat": "~%" if measure == "accuracy" else None, "thickness": 12},
    }  # fmt: skip
    for shown, look in ((done, marker), ([_best(done, measure)] if done else [], _ring(20))):
        chart.add_scatter(
            x=[_axis(each.x) for each in shown], y=[_axis(each.y) for each in shown], mode="markers", marker=look,
            text=[f"{each.name}<br>{words} {each.value:{form}}" for each in shown],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    chart.update_xaxes(title=names[0], **_number_axis([each.x for each in done], logs[0]))
    chart.update_yaxes(title=names[1], **_number_axis([each.y for each in done], logs[1]))
    return _steady(chart)


def best_so_far(values: Sequence[float | None]) -> go.Figure:
    """The accuracy of each run in the order of the sweep, and the best of all up to there."""
    chart = figure(f"Best so far (n = {len(values)} runs)", HEIGHT, showlegend=False)
    numbers = list(range(1, len(values) + 1))
    best: list[float | None] = []
    for value in values:
        best.append(max((each for each in (value, best[-1] if best else None) if each is not None), default=None))
    chart.add_scatter(
        x=numbers, y=list(values), mode="markers", marker={"color": LINE, "size": 9, "opacity": 0.75},
        hovertemplate="run %{x}: %{y:.2%}<extra></extra>",
    )  # fmt: skip
    chart.add_scatter(
        x=numbers, y=best, mode="lines", line={"color": BEST, "width": 2.5, "shape": "hv"},
        hovertemplate="best of %{x}: %{y:.2%}<extra></extra>",
    )  # fmt: skip
    chart.update_xaxes(title="run of the sweep")
    chart.update_yaxes(title="test accuracy", tickformat="~%")
    return _steady(chart)


def _points(chart: go.Figure, results: Sequence[Result], numbers: bool, form: str, marker: dict) -> None:
    chart.add_scatter(
        x=[each.x if numbers else _word(each.x) for each in results], y=[each.value for each in results],
        mode="markers", marker=marker, text=[each.name for each in results],
        hovertemplate=f"%{{text}}<br>%{{y:{form}}}<extra></extra>",
    )  # fmt: skip


def _number_axis(values: Sequence[Value], log: bool) -> dict[str, Any]:
    """An axis for these numbers; a logarithmic one names factors of ten, or 2 and 5, too, where those are too few."""
    if not log:
        return {}
    wide = bool(values) and max(values) >= 200 * min(values)
    return {"type": "log", "dtick": 1 if wide or not values else "D2", "tickformat": "~g"}


def _ring(size: int = 16) -> dict:
    return {"symbol": "circle-open", "size": size, "color": BEST, "line": {"width": 3}}


def _best(results: Sequence[Result], measure: Measure) -> Result:
    return (max if measure == "accuracy" else min)(results, key=lambda each: each.value)


def _dark_cells(means: Mapping[tuple[Value, Value], float], measure: Measure) -> set[tuple[Value, Value]]:
    """The cells that are nearer to the dark end of the scale."""
    low, high = min(means.values(), default=0.0), max(means.values(), default=0.0)
    shares = {place: (value - low) / (high - low) if high > low else 0.5 for place, value in means.items()}
    return {place for place, share in shares.items() if (share if measure == "accuracy" else 1 - share) > DARK_FROM}


def _cell(there: Sequence[Result], value: float | None, form: str) -> str:
    if value is not None:
        return f"{value:{form}}"
    return "no result" if there else ""


def _in_order(values: Sequence[Value | None]) -> list[Value]:
    """Each once: numbers by size, words as they came."""
    once = list(dict.fromkeys(values))
    return sorted(once) if all(isinstance(value, int | float) for value in once) else once


def _word(value: Value) -> str:
    """As a category: a number written out, which plotly would else place by size."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _axis(value: Value) -> Value:
    """As a place on an axis that may be one of numbers."""
    return _word(value) if isinstance(value, bool | str) else value


def _title(words: str, against: str, count: int) -> str:
    # Short, for a telephone: the axis has the measure in full.
    measure = words.removeprefix("test ").removesuffix(" (s)")
    return f"{measure[0].upper()}{measure[1:]} by {against} (n = {count})"


def _steady(chart: go.Figure) -> go.Figure:
    chart.update_layout(uirevision="sweep", transition={"duration": 0}, margin={"t": 52, "b": 12})
    return chart
