"""Charts of a sweep: results against what was varied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isclose, log10
from statistics import mean
from typing import Any

import plotly.graph_objects as go

from digits_core.figures.error_scale import errors_of, log_axis, on_log
from digits_core.figures.palette import figure
from digits_core.figures.sweep_axes import (
    FEW_TICKS,
    ROOM,
    Axis,
    Measure,
    Value,
    are_numbers,
    category_axis,
    in_order,
    measure_axis,
    number_axis,
    on_axis,
    word,
)

HEIGHT = 380
MEASURES: dict[Measure, tuple[str, str]] = {
    "accuracy": ("test accuracy", ".2%"),
    "seconds": ("training time (s)", ".1f"),
    "error": ("test error (log)", ".2%"),
}
LINE = "#3472ff"
BAND = "rgba(52,114,255,0.16)"
BEST = "#e08a3c"
SCALE = ((0, "#dfe8fb"), (1, "#1f3f9e"))
"""Dark is good: for times, the shortest."""
EQUAL = 1e-9
"""Results whose relative difference is below this are equal: a mean of the same numbers may be rounded differently."""
DARK_FROM = 0.65
"""From this fraction of the scale on, white text is easier to read than black."""
ON_DARK, ON_LIGHT, ON_PAGE = "#ffffff", "#10142a", "#8a8fa3"
DASH = {"symbol": "line-ew-open", "size": 44, "color": LINE, "line": {"width": 2.5}}
SHOWN_IN_CELLS = 144
"""A heat map with more cells shows their numbers only on hover."""


@dataclass(frozen=True)
class Result:
    """One run: its setting along each axis, and its `value`, `None` if it failed or diverged."""

    x: Value
    y: Value | None
    value: float | None
    name: str


def against_one(results: Sequence[Result], name: str, measure: Measure, axis: Axis) -> go.Figure:
    """Draw each run as a point, the mean of those with the same setting as a line, and their range as a band.

    A line between categories would be meaningless: there, each mean is a dash. `axis` is what the sweep plans, so that
    the first result is already where it will be at the end.
    """
    words, form = MEASURES[measure]
    chart = figure(_title(words, name, len(results)), HEIGHT, showlegend=False)
    places = in_order([*axis.values, *(result.x for result in results)])
    numbers = are_numbers(places)
    at = {place: [r.value for r in results if r.x == place and r.value is not None] for place in places}
    known = [place for place in places if at[place]]
    axis_up = measure_axis(measure, [value for place in known for value in at[place]])
    drawn = partial(_drawn, axis_up)
    xs = known if numbers else [word(place) for place in known]
    band = "tonexty" if numbers else None
    for values, fill in (([min(at[place]) for place in known], None), ([max(at[place]) for place in known], band)):
        chart.add_scatter(
            x=xs, y=drawn(values), mode="lines", line={"width": 0}, fill=fill, fillcolor=BAND, hoverinfo="skip"
        )
    chart.add_scatter(
        x=xs,
        y=drawn([mean(at[place]) for place in known]),
        mode="lines" if numbers else "markers",
        line={"color": LINE, "width": 2.5},
        marker=DASH,
        hoverinfo="skip",
    )
    done = [result for result in results if result.value is not None]
    _points(chart, done, numbers, form, drawn, {"color": LINE, "size": 9, "opacity": 0.75})
    lost = [result for result in results if result.value is None]
    floor = min((result.value or 0.0 for result in done), default=0.0)
    chart.add_scatter(
        x=[result.x if numbers else word(result.x) for result in lost],
        y=drawn([floor] * len(lost)),
        mode="markers",
        marker={"symbol": "x", "size": 10, "color": "#a92a43"},
        text=[result.name for result in lost],
        hovertemplate="%{text}<br>no result<extra></extra>",
    )
    _points(chart, _best(done, measure), numbers, form, drawn, _ring())
    chart.update_xaxes(title=name, **(number_axis(axis, places) if numbers else category_axis(places)))
    chart.update_yaxes(title=words, **axis_up)
    return _steady(chart, measure)


def against_two(
    results: Sequence[Result],
    names: tuple[str, str],
    measure: Measure,
    axes: tuple[Sequence[Value], Sequence[Value]] = ((), ()),
) -> go.Figure:
    """Draw a heat map of the mean over the runs with the same two settings; the best cells, including ties, are framed.

    `axes` are all planned values, so that each cell has its place from the start.
    """
    words, form = MEASURES[measure]
    chart = figure(_title(words, f"{names[0]} and {names[1]}", len(results)), HEIGHT, showlegend=False)
    xs = in_order([*axes[0], *(each.x for each in results)])
    ys = in_order([*axes[1], *(each.y for each in results)])
    cells = {(x, y): [r for r in results if r.x == x and r.y == y] for x in xs for y in ys}
    means = {
        place: mean(each.value for each in there if each.value is not None)
        for place, there in cells.items()
        if any(each.value is not None for each in there)
    }
    shades = dict(zip(means, _shades(list(means.values()), measure), strict=True))
    texts = [[_cell(cells[x, y], means.get((x, y)), form) for x in xs] for y in ys]
    chart.add_heatmap(
        x=[word(x) for x in xs],
        y=[word(y) for y in ys],
        z=[[shades.get((x, y)) for x in xs] for y in ys],
        text=texts,
        colorscale=SCALE,
        reversescale=measure != "accuracy",
        showscale=False,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate=f"{names[0]} %{{x}}<br>{names[1]} %{{y}}<br>{words} %{{text}}<extra></extra>",
    )
    if len(xs) * len(ys) <= SHOWN_IN_CELLS:
        dark = _dark_cells(shades, measure)
        chart.add_scatter(
            x=[word(x) for _ in ys for x in xs],
            y=[word(y) for y in ys for _ in xs],
            mode="text",
            hoverinfo="skip",
            text=[text for row in texts for text in row],
            textfont={
                "color": [
                    ON_PAGE if (x, y) not in means else ON_DARK if (x, y) in dark else ON_LIGHT for y in ys for x in xs
                ]
            },
        )
    for column, row in _best_cells(means, xs, ys, measure):
        chart.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": BEST, "width": 4},
        )
    chart.update_xaxes(title=names[0], **category_axis(xs))
    chart.update_yaxes(title=names[1], **category_axis(ys))
    return _steady(chart, measure)


def over_two(results: Sequence[Result], names: tuple[str, str], measure: Measure, axes: tuple[Axis, Axis]) -> go.Figure:
    """Draw each run as a point in the plane of two settings, coloured by its result: for randomly drawn settings."""
    words, form = MEASURES[measure]
    chart = figure(_title(words, f"{names[0]} and {names[1]}", len(results)), HEIGHT, showlegend=False)
    done = [result for result in results if result.value is not None]
    known = [result.value for result in done if result.value is not None]
    marker = {
        "size": 14,
        "color": _shades(known, measure),
        "colorscale": SCALE,
        "line": {"width": 1},
        "reversescale": measure != "accuracy",
        "showscale": True,
        "colorbar": {**_shade_ticks(known, measure), "thickness": 12},
    }
    for shown, look in ((done, marker), (_best(done, measure), _ring(20))):
        chart.add_scatter(
            x=[on_axis(each.x) for each in shown],
            y=[on_axis(each.y) for each in shown if each.y is not None],
            mode="markers",
            marker=look,
            text=[f"{each.name}<br>{words} {each.value:{form}}" for each in shown],
            hovertemplate="%{text}<extra></extra>",
        )
    for update, name, axis, values in (
        (chart.update_xaxes, names[0], axes[0], [each.x for each in done]),
        (chart.update_yaxes, names[1], axes[1], [each.y for each in done]),
    ):
        places = in_order([*axis.values, *values])
        update(title=name, **(number_axis(axis, places) if are_numbers(places) else category_axis(places)))
    return _steady(chart, measure)


def best_so_far(accuracies: Sequence[float | None], planned: int, log: bool = False) -> go.Figure:
    """Draw the accuracy of each run in the order of the sweep, and the best so far, on an axis of `planned` runs.

    With `log`, draw their errors.
    """
    measure: Measure = "error" if log else "accuracy"
    values = [each if each is None or not log else float(errors_of([each])[0]) for each in accuracies]
    chart = figure(f"Best so far (n = {len(values)} runs)", HEIGHT, showlegend=False)
    numbers = list(range(1, len(values) + 1))
    better = min if log else max
    best: list[float | None] = []
    for value in values:
        best.append(better((each for each in (value, best[-1] if best else None) if each is not None), default=None))
    axis = measure_axis(measure, [value for value in values if value is not None])
    for shown, look, words in (
        (values, {"mode": "markers", "marker": {"color": LINE, "size": 9, "opacity": 0.75}}, "run"),
        (best, {"mode": "lines", "line": {"color": BEST, "width": 2.5, "shape": "hv"}}, "best of"),
    ):
        hover = f"{words} %{{x}}: %{{customdata:.2%}}<extra></extra>"
        chart.add_scatter(x=numbers, y=_drawn(axis, shown), customdata=list(shown), hovertemplate=hover, **look)
    last = max(planned, len(values))
    ticks = {"dtick": 1} if last <= FEW_TICKS else {}
    chart.update_xaxes(title="run of the sweep", range=[0.5 - last * ROOM, last * (1 + ROOM) + 0.5], **ticks)
    chart.update_yaxes(title=MEASURES[measure][0], **axis)
    return _steady(chart, measure)


def _points(
    chart: go.Figure,
    results: Sequence[Result],
    numbers: bool,
    form: str,
    drawn: Callable[..., list[Any]],
    marker: dict[str, Any],
) -> None:
    chart.add_scatter(
        x=[each.x if numbers else word(each.x) for each in results],
        y=drawn([each.value for each in results]),
        customdata=[each.value for each in results],
        mode="markers",
        marker=marker,
        text=[each.name for each in results],
        hovertemplate=f"%{{text}}<br>%{{customdata:{form}}}<extra></extra>",
    )


def _drawn(axis: dict[str, Any], values: Sequence[float | None]) -> list[float | None]:
    """Return the values to draw on the axis of a measure: on a logarithmic one, a 0 is moved as `on_log` does."""
    if axis.get("type") != "log":
        return list(values)
    return [None if value is None else float(on_log([value], axis)[0]) for value in values]


def _shades(values: Sequence[float], measure: Measure) -> list[float]:
    """Return the values that colour cells and points: the logarithm of errors, all others unchanged."""
    if measure != "error" or not values:
        return list(values)
    return [log10(value) for value in _drawn(log_axis(values, percent=True), values) if value is not None]


def _shade_ticks(values: Sequence[float], measure: Measure) -> dict[str, Any]:
    """Return the ticks of the colour bar for these values."""
    if measure != "error":
        return {"tickformat": "~%" if measure == "accuracy" else None}
    axis = log_axis(values, percent=True)
    return {"tickvals": [log10(tick) for tick in axis["tickvals"]], "ticktext": axis["ticktext"]}


def _ring(size: int = 16) -> dict[str, Any]:
    return {"symbol": "circle-open", "size": size, "color": BEST, "line": {"width": 3}}


def _best(results: Sequence[Result], measure: Measure) -> list[Result]:
    """Return the best of the results, including ties."""
    known = [(each, each.value) for each in results if each.value is not None]
    if not known:
        return []
    best = (max if measure == "accuracy" else min)(value for _, value in known)
    return [each for each, value in known if isclose(value, best, rel_tol=EQUAL)]


def _best_cells(
    means: Mapping[tuple[Value, Value], float], xs: Sequence[Value], ys: Sequence[Value], measure: Measure
) -> list[tuple[int, int]]:
    """Return column and row of the best cells, including ties."""
    cells = [Result(*place, value, "") for place, value in means.items()]
    return [(xs.index(each.x), ys.index(each.y)) for each in _best(cells, measure)]


def _dark_cells(means: Mapping[tuple[Value, Value], float], measure: Measure) -> set[tuple[Value, Value]]:
    """Return the cells that are dark enough for white text."""
    low, high = min(means.values(), default=0.0), max(means.values(), default=0.0)
    shares = {place: (value - low) / (high - low) if high > low else 0.5 for place, value in means.items()}
    return {place for place, share in shares.items() if (share if measure == "accuracy" else 1 - share) > DARK_FROM}


def _cell(there: Sequence[Result], value: float | None, form: str) -> str:
    if value is not None:
        return f"{value:{form}}"
    return "no result" if there else ""


def _title(words: str, against: str, count: int) -> str:
    # Short, for a phone: the axis title has the measure in full.
    measure = words.removeprefix("test ").removesuffix(" (s)").removesuffix(" (log)")
    return f"{measure[0].upper()}{measure[1:]} by {against} (n = {count})"


def _steady(chart: go.Figure, measure: Measure) -> go.Figure:
    # The same value on each update preserves the user's zoom. No `transition`: with one, even of 0 ms, plotly
    # keeps the axes of the first frame.
    chart.update_layout(uirevision=f"sweep {measure}", margin={"t": 52, "b": 12})
    return chart
