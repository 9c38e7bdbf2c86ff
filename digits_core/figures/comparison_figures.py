"""Charts of several runs: their settings against their results, and their accuracy per digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import PERCENT_RANGE, figure

NAME_LENGTH = 18
FEW = 8
"""Up to this many different values of an axis are its ticks."""
PARALLEL_HEIGHT = 420
SCATTER_HEIGHT = 440
RESULT_SCALE = ((0, "#e4a33a"), (0.5, "#c2447a"), (1, "#6b74ff"))
"""From low to high; readable on light and dark backgrounds, and distinct from the colours of digits and runs."""
BETTER, WORSE = "rgba(42,157,143,0.75)", "rgba(214,84,60,0.75)"


@dataclass(frozen=True)
class Scale:
    """The scale of an axis: its title with the unit, whether values are fractions of 1, whether it is logarithmic."""

    title: str
    percent: bool = False
    log: bool = False


@dataclass(frozen=True)
class Axis:
    """One axis of parallel coordinates: a number for each run, NaN if it has none, and labels for some numbers."""

    title: str
    values: Sequence[float]
    ticks: Sequence[tuple[float, str]] = ()
    percent: bool = False


def parallel_coordinates(
    axes: Sequence[Axis], colours: Sequence[str], results: Sequence[float], title: str, result: str
) -> go.Figure:
    """Draw a line per run through its value on each axis, coloured by run if `colours` are given, else by `results`."""
    chart = figure(title, PARALLEL_HEIGHT, margin={"l": 56, "r": 56, "t": 96, "b": 24, "autoexpand": False})
    if colours:
        count = len(colours)
        steps = [(at / count, colour) for place, colour in enumerate(colours) for at in (place, place + 1)]
        line: dict[str, Any] = {
            "color": list(range(count)),
            "colorscale": steps,
            "cmin": -0.5,
            "cmax": count - 0.5,
            "showscale": False,
        }
    else:
        line = {
            "color": list(results),
            "colorscale": RESULT_SCALE,
            "showscale": True,
            "colorbar": {"title": {"text": result}, "tickformat": "~%", "thickness": 10, "x": 1.02, "len": 0.9},
        }
        chart.update_layout(margin={"r": 108})
    chart.add_parcoords(
        dimensions=[_dimension(axis) for axis in axes],
        line=line,
        labelangle=-20,
        labelside="top",
        tickfont={"size": 12},
        labelfont={"size": 13},
        # The ends of the ranges are not values of any run.
        rangefont={"color": "rgba(0,0,0,0)"},
        unselected={"line": {"opacity": 0.12, "color": "#8a8f9c"}},
    )
    # A brush that the user has set is kept when the chart is redrawn.
    chart.update_layout(uirevision="brush", title={"y": 0.98, "yanchor": "top"})
    return chart


def _dimension(axis: Axis) -> dict[str, Any]:
    known = [value for value in axis.values if np.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    room = (high - low) * 0.04 or max(abs(high) * 0.1, 0.5)
    shown: dict[str, Any] = {
        "label": escape(axis.title),
        "values": list(axis.values),
        "range": [low - room, high + room],
    }
    if axis.ticks:
        shown |= {
            "tickvals": [at for at, _ in axis.ticks],
            "ticktext": [escape(shortened(text, 16)) for _, text in axis.ticks],
        }
    elif axis.percent:
        shown["tickformat"] = ".4~%"
    else:
        shown["tickformat"] = ".4~r"
    return shown


@dataclass(frozen=True)
class Dot:
    """One run in a scatter chart: its name, colour and coordinates, which are strings on a categorical axis."""

    name: str
    colour: str
    x: float | str
    y: float | str


def scatter(dots: Sequence[Dot], x: Scale, y: Scale) -> go.Figure:
    """Draw one setting or result of runs against another; the custom data of each point is its index in `dots`."""
    chart = figure(f"{y.title} against {x.title} (n = {len(dots):,})", SCATTER_HEIGHT, showlegend=False)
    chart.add_scatter(
        x=[dot.x for dot in dots],
        y=[dot.y for dot in dots],
        mode="markers",
        customdata=list(range(len(dots))),
        text=[escape(dot.name) for dot in dots],
        hovertemplate=f"<b>%{{text}}</b><br>{escape(x.title)}: %{{x}}<br>{escape(y.title)}: %{{y}}<extra></extra>",
        marker={
            "size": 13,
            "opacity": 0.85,
            "color": [dot.colour for dot in dots],
            "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
        },
        selected={"marker": {"size": 18}},
        unselected={"marker": {"opacity": 0.45}},
    )
    for axis, scale, values in (
        (chart.update_xaxes, x, [dot.x for dot in dots]),
        (chart.update_yaxes, y, [dot.y for dot in dots]),
    ):
        fit_axis(axis, scale, values)
    chart.update_layout(clickmode="event+select", uirevision=f"{x.title}{y.title}")
    return chart


def fit_axis(update: Any, scale: Scale, values: Sequence[float | str]) -> None:
    """Set title, type and ticks of an axis; up to `FEW` different values are the ticks."""
    different = sorted(set(values), key=str)
    update(title=escape(scale.title))
    if any(isinstance(value, str) for value in values):
        update(type="category", categoryorder="array", categoryarray=different)
        return
    logarithmic = scale.log and all(float(value) > 0 for value in different)
    if logarithmic:
        update(type="log")
    if scale.percent:
        update(tickformat=".4~%", autorangeoptions=None if logarithmic else PERCENT_RANGE)
    elif 0 < len(different) <= FEW and (logarithmic or all(value == int(value) for value in different)):
        update(tickmode="array", tickvals=sorted(different), ticktext=[f"{value:g}" for value in sorted(different)])


def digits_of_runs(names: Sequence[str], right: np.ndarray, images: np.ndarray, baseline: int) -> go.Figure:
    """Draw the accuracy per digit of each run, green if better and red if worse than the baseline.

    `right` counts the recognised images, int (runs, 10), of `images` (10,). The last column is all digits together. The
    baseline's own row is in %, the others are differences in percentage points.
    """
    counts = np.column_stack([right, right.sum(axis=1)])  # (runs, 11)
    asked = np.append(images, images.sum())
    share = np.divide(counts, asked, out=np.full(counts.shape, np.nan), where=asked > 0)
    change = 100 * (share - share[baseline])
    texts = [
        _points(each, points, row == baseline)
        for row, of_run in enumerate(zip(share, change, strict=True))
        for each, points in zip(*of_run, strict=True)
    ]
    most = max(1.0, float(np.nanmax(np.abs(change)))) if np.isfinite(change).any() else 1.0
    chart = figure(
        f"Accuracy per digit (n = {asked[-1]:,})",
        digits_height(len(names)),
        showlegend=False,
        margin={"l": 44, "r": 8, "t": 52, "b": 52, "autoexpand": False},
    )
    columns = [*(str(digit) for digit in range(10)), "all"]
    chart.add_heatmap(
        z=np.nan_to_num(change),
        zmid=0,
        zmin=-most,
        zmax=most,
        x=columns,
        y=list(range(len(names))),
        showscale=False,
        colorscale=((0, WORSE), (0.5, "rgba(128,128,128,0.06)"), (1, BETTER)),
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )
    # Separate text: a heatmap chooses its text colour as if the cell colours were opaque.
    chart.add_scatter(
        x=columns * len(names),
        y=[row for row in range(len(names)) for _ in columns],
        mode="text",
        text=texts,
        textfont={"size": 11},
        customdata=[
            [escape(name), int(count), int(of)]
            for name, row in zip(names, counts, strict=True)
            for count, of in zip(row, asked, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>digit %{x}: %{customdata[1]:,} of %{customdata[2]:,} recognised"
        "<extra></extra>",
    )
    chart.update_xaxes(title="digit", type="category", side="bottom", showgrid=False, title_standoff=4, ticks="")
    chart.update_yaxes(
        range=[len(names) - 0.5, -0.5],
        tickvals=list(range(len(names))),
        showgrid=False,
        automargin=False,
        ticks="",
        ticktext=[name.split(" ")[0] for name in names],
    )
    return chart


def digits_height(runs: int) -> int:
    return 116 + 32 * runs


def _points(share: float, change: float, is_baseline: bool) -> str:
    """Format a cell: the baseline's accuracy in %, or another run's difference from it in percentage points."""
    if np.isnan(share):
        return "–"
    if is_baseline:
        return f"{100 * share:.1f}".replace("100.0", "100")
    if abs(change) < 0.05:
        return "="
    # No decimals from ten points on, so that eleven cells fit on a phone.
    return f"{change:+.{0 if abs(change) >= 9.95 else 1}f}".replace("-", "−")


def shortened(text: str, length: int = NAME_LENGTH) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
