"""Charts of what training costs: time, speed and accuracy against training settings, and the best for their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from digits_core.figures.comparison_figures import Scale, fit_axis, shortened
from digits_core.figures.error_scale import log_axis, on_log
from digits_core.figures.palette import figure

HEIGHT = 320
FRONT_HEIGHT = 420
SERIES_COLOURS = ("#2a9d8f", "#d0578e", "#4f8ff7", "#e08a3c", "#8b6be0", "#7d8590")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
LEGEND = {"x": 0, "xanchor": "left", "xref": "container", "y": 0, "yanchor": "bottom", "yref": "container"}
NAMED_APART = 0.06
"""The fraction of the front's width that a name takes: of points that are closer, only the first is named."""


@dataclass(frozen=True)
class Measured:
    """One run: its setting and its result."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Mean:
    """Means and standard deviations of two or more runs that differ only in their seeds."""

    x: float
    y: float
    y_deviation: float
    runs: int
    x_deviation: float = 0.0


@dataclass(frozen=True)
class Series:
    """The runs that share an optimizer or a loss function; its `place` among all of them determines its colour."""

    name: str
    place: int
    points: Sequence[Measured]
    means: Sequence[Mean] = ()


def measured(series: Sequence[Series], x: Scale, y: Scale, legend: bool = True) -> go.Figure:
    """Draw every run as a point, and for repeated settings the mean with one standard deviation on each side.

    The series are slightly offset on `x`, a logarithmic scale; the hover label of a point has its true value.
    """
    count = sum(len(each.points) for each in series)
    chart = figure(f"{y.title} (n = {count:,} {'run' if count == 1 else 'runs'})", HEIGHT, showlegend=legend)
    for each, shift in zip(series, _shifts(series), strict=True):
        _add_points(chart, each, x, y, 0.6, shift)
        _add_means(chart, each, y, shift)
    fit_axis(chart.update_xaxes, x, [point.x for each in series for point in each.points])
    fit_axis(chart.update_yaxes, y, [])
    if y.percent and y.log:
        axis = log_axis([point.y for each in series for point in each.points], percent=True)
        chart.update_yaxes(**axis)
        for trace in chart.data:
            trace.update(y=on_log(trace.y, axis))
    elif not y.percent:
        chart.update_yaxes(rangemode="tozero")
    chart.update_layout(margin={"l": 62, "r": 10, "t": 40, "b": 80}, legend=LEGEND)
    return chart


def accuracy_for_time(series: Sequence[Series], front: Sequence[Measured], x: Scale, y: Scale) -> go.Figure:
    """Draw accuracy against time, with a stepped line through the front: the runs that no other beats in both."""
    count = sum(len(each.points) for each in series)
    chart = figure(f"Accuracy against training time (n = {count:,})", FRONT_HEIGHT)
    for each in series:
        _add_points(chart, each, x, y, 0.5)
        _add_means(chart, each, y)
    chart.add_scatter(
        x=[point.x for point in front],
        y=[point.y for point in front],
        mode="lines+markers",
        name="best for its time",
        line={"color": "#d62f4b", "width": 2, "shape": "hv"},
        text=[escape(point.name) for point in front],
        marker={"size": 15, "symbol": "circle-open", "color": "#d62f4b", "line": {"width": 2}},
        hoverinfo="skip",
    )
    for point in _apart([(_position(point.x, x), point) for point in front]):
        chart.add_annotation(
            x=_position(point.x, x),
            y=point.y,
            text=escape(shortened(point.name.split(" ")[0], 8)),
            showarrow=False,
            yshift=16,
            font={"size": 11},
        )
    fit_axis(chart.update_xaxes, x, [point.x for each in series for point in each.points])
    if x.log:
        # Seconds are measured: their values should not be ticks.
        chart.update_xaxes(tickmode="auto", tickvals=None, ticktext=None, dtick="D2", tickformat="~g")
    fit_axis(chart.update_yaxes, y, [])
    chart.update_layout(margin={"l": 62, "r": 16, "t": 48, "b": 96}, legend=LEGEND)
    return chart


def _add_points(chart: go.Figure, series: Series, x: Scale, y: Scale, opacity: float, shift: float = 1.0) -> None:
    value = "%{y:.2%}" if y.percent else "%{y:.4~r}"
    chart.add_scatter(
        x=[point.x * shift for point in series.points],
        y=[point.y for point in series.points],
        mode="markers",
        name=escape(series.name),
        legendgroup=series.name,
        text=[escape(point.name) for point in series.points],
        customdata=[point.x for point in series.points],
        hovertemplate="<b>%{text}</b><br>"
        f"{escape(x.title)}: %{{customdata:.4~r}}<br>{escape(y.title)}: {value}<extra></extra>",
        marker={
            "color": _colour(series),
            "symbol": SYMBOLS[series.place % len(SYMBOLS)],
            "size": 8,
            "opacity": opacity,
        },
    )


def _add_means(chart: go.Figure, series: Series, y: Scale, shift: float = 1.0) -> None:
    if not series.means:
        return
    form = ".2%" if y.percent else ".4~r"
    sideways = [mean.x_deviation for mean in series.means]
    chart.add_scatter(
        x=[mean.x * shift for mean in series.means],
        y=[mean.y for mean in series.means],
        mode="markers",
        showlegend=False,
        legendgroup=series.name,
        name=escape(series.name),
        error_y={"type": "data", "array": [mean.y_deviation for mean in series.means], "thickness": 1.5, "width": 5},
        error_x={"type": "data", "array": sideways, "thickness": 1.5, "width": 5, "visible": any(sideways)},
        customdata=[[mean.y_deviation, mean.runs] for mean in series.means],
        hovertemplate=f"<b>{escape(series.name)}</b><br>mean %{{y:{form}}} ± %{{customdata[0]:{form}}}<br>"
        "%{customdata[1]} runs, seeds apart<extra></extra>",
        marker={"color": _colour(series), "symbol": "line-ew-open", "size": 16, "line": {"width": 2.5}},
    )


def _shifts(series: Sequence[Series]) -> list[float]:
    """Return the factor by which each series is offset in `x`, so that it does not hide another."""
    values = [point.x for each in series for point in each.points]
    step = max(max(values) / min(values), 2.0) ** 0.025
    return [step ** (place - (len(series) - 1) / 2) for place in range(len(series))]


def _colour(series: Series) -> str:
    return SERIES_COLOURS[series.place % len(SERIES_COLOURS)]


def _apart(placed: Sequence[tuple[float, Measured]]) -> list[Measured]:
    """Return the points of the front, from left to right, whose names do not overlap."""
    named: list[tuple[float, Measured]] = []
    for place, point in placed:
        if not named or place - named[-1][0] > NAMED_APART * (placed[-1][0] - placed[0][0]):
            named.append((place, point))
    return [point for _, point in named]


def _position(value: float, scale: Scale) -> float:
    """Return the coordinate of an annotation: on a logarithmic axis, plotly expects the exponent."""
    from math import log10

    return log10(value) if scale.log else value
