"""Charts of several runs: their curves, their settings against their results, how each digit fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import TRAIN_DASH, figure
from digits_core.figures.training import FLOORS, nice_above

CURVE_HEIGHT = 320
LEGEND_ROW = 20
LEGEND_RUNS = 20
"""Beyond so many names a legend is no help: the label under the mouse names the run."""
POINTS = 24_000
"""Of all lines of a chart together: what a browser draws and moves without a wait."""
FEWEST_POINTS, MOST_POINTS = 60, 1000
NAME_LENGTH = 18
FEW = 8
"""So many different values of an axis are its ticks themselves."""
PARALLEL_HEIGHT = 420
SCATTER_HEIGHT = 440
RESULT_SCALE = ((0, "#e4a33a"), (0.5, "#c2447a"), (1, "#6b74ff"))
"""From low to high; readable on light and dark ground, and not the colours of digits or runs."""
BETTER, WORSE = "rgba(42,157,143,0.75)", "rgba(214,84,60,0.75)"


@dataclass(frozen=True, eq=False)
class RunLine:
    """One run's training or test values: each array float (n,); `epochs` and `seconds` from the start of the run.

    `smoothed` is drawn over the measured `values` where it is there.
    """

    run: str
    split: str
    colour: str
    epochs: np.ndarray
    seconds: np.ndarray
    values: np.ndarray
    smoothed: np.ndarray | None = None


@dataclass(frozen=True)
class Scale:
    """How an axis reads: its title with the unit, whether its numbers are shares of 1, whether it is logarithmic."""

    title: str
    percent: bool = False
    log: bool = False


def run_curves(
    lines: Sequence[RunLine], title: str, scale: Scale, *, by_seconds: bool = False, epochs: int = 1
) -> go.Figure:
    """The lines of some runs, training dotted and test solid; `epochs` reserves the axis for those yet to come.

    Long lines are thinned to points that were measured, so that what the mouse points at is true.
    """
    names = list(dict.fromkeys(line.run for line in lines))
    rows = -(-len(names) // 2) if 1 < len(names) <= LEGEND_RUNS else 0
    chart = figure(title, curves_height(len(names)), hovermode="closest", showlegend=bool(rows))
    most = max(FEWEST_POINTS, min(MOST_POINTS, POINTS // max(1, len(lines))))
    for number, line in enumerate(lines):
        _add_line(
            chart, line, scale, by_seconds, most, named=line.run not in {each.run for each in lines[number + 1 :]}
        )
    _fit_axes(chart, lines, scale, by_seconds, epochs)
    chart.update_layout(
        uirevision=f"{by_seconds}{scale.log}", transition={"duration": 0},
        margin={"l": 58, "r": 12, "t": 44, "b": 52 + LEGEND_ROW * rows, "autoexpand": False},
        legend={
            "x": 0, "xanchor": "left", "xref": "container", "y": 0, "yanchor": "bottom", "yref": "container",
            "entrywidth": 0.47, "entrywidthmode": "fraction", "font": {"size": 11}, "tracegroupgap": 0,
        },
    )  # fmt: skip
    return chart


def curves_height(runs: int) -> int:
    """The height of a chart of so many runs, its legend included."""
    return CURVE_HEIGHT + (LEGEND_ROW * -(-runs // 2) if 1 < runs <= LEGEND_RUNS else 0)


def thinned(values: np.ndarray, most: int) -> np.ndarray:
    """Which of float (n,) to draw, at most about `most`: of each stretch the lowest and the highest, and both ends."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    kept = {0, count - 1}
    for stretch in np.array_split(np.arange(count), max(1, (most - 2) // 2)):
        known = stretch[np.isfinite(values[stretch])]
        if len(known):
            kept |= {int(known[values[known].argmin()]), int(known[values[known].argmax()])}
    return np.array(sorted(kept))


def _add_line(chart: go.Figure, line: RunLine, scale: Scale, by_seconds: bool, most: int, named: bool) -> None:
    x, other = (line.seconds, line.epochs) if by_seconds else (line.epochs, line.seconds)
    shown = line.values if line.smoothed is None else line.smoothed
    dash = TRAIN_DASH if line.split == "training" else "solid"
    if line.smoothed is not None:
        kept = thinned(line.values, most)
        chart.add_scatter(
            x=x[kept], y=line.values[kept], mode="lines", opacity=0.28, hoverinfo="skip", showlegend=False,
            legendgroup=escape(line.run), line={"color": line.colour, "width": 1, "dash": dash},
        )  # fmt: skip
    kept = thinned(shown, most)
    chart.add_scatter(
        x=x[kept], y=shown[kept], name=escape(shortened(line.run)), legendgroup=escape(line.run), showlegend=named,
        customdata=np.stack([other[kept], line.values[kept]], axis=1), hovertemplate=_label(line, scale, by_seconds),
        mode="lines+markers" if len(kept) <= 40 else "lines", marker={"size": 6},
        line={"color": line.colour, "width": 2, "dash": dash},
    )  # fmt: skip


def _label(line: RunLine, scale: Scale, by_seconds: bool) -> str:
    form = ".2%" if scale.percent else ".4f"
    place = "epoch %{customdata[0]} · %{x:.1f} s" if by_seconds else "epoch %{x} · %{customdata[0]:.1f} s"
    value = f"%{{customdata[1]:{form}}}"
    if line.smoothed is not None:
        value = f"smoothed %{{y:{form}}}, measured {value}"
    return f"<b>{escape(line.run)}</b><br>{line.split}, {place}<br>{value}<extra></extra>"


def _fit_axes(chart: go.Figure, lines: Sequence[RunLine], scale: Scale, by_seconds: bool, epochs: int) -> None:
    """Ranges that change seldom while points arrive."""
    if by_seconds:
        last = max((float(line.seconds[-1]) for line in lines if len(line.seconds)), default=1.0)
        chart.update_xaxes(title="training time (s)", range=[0, nice_above(last)])
    else:
        last = max([epochs, *(int(line.epochs[-1]) for line in lines if len(line.epochs))])
        chart.update_xaxes(title="epoch", range=[0.5, last + 0.5], tickmode="auto" if last > 12 else "linear")
    chart.update_xaxes(automargin=False, title_standoff=6)
    chart.update_yaxes(title=scale.title, automargin=False, title_standoff=4)
    if scale.percent:
        chart.update_yaxes(tickformat="~%")
    known = [line.values[np.isfinite(line.values)] for line in lines]
    known = np.concatenate([*known, [1.0]] if not any(map(len, known)) else known)
    if scale.log:
        chart.update_yaxes(type="log", dtick="D1" if known.max() < 30 * known.min() else 1)
    elif scale.percent:
        lowest = next(step for step in FLOORS if step <= max(0.0, float(known.min()) - 0.005))
        chart.update_yaxes(range=[lowest, 1 + 0.03 * (1 - lowest)])
    else:
        top = nice_above(1.02 * float(known.max()))
        chart.update_yaxes(range=[0, top], tickformat="~g" if top >= 10_000 else None)


@dataclass(frozen=True)
class Axis:
    """One axis of parallel coordinates: a number for each run, NaN where it has none, and words for some numbers."""

    title: str
    values: Sequence[float]
    ticks: Sequence[tuple[float, str]] = ()
    percent: bool = False


def parallel_coordinates(
    axes: Sequence[Axis], colours: Sequence[str], results: Sequence[float], title: str, result: str
) -> go.Figure:
    """A line per run through its value on each axis, coloured by run where `colours` names them, else by `results`."""
    chart = figure(title, PARALLEL_HEIGHT, margin={"l": 56, "r": 56, "t": 96, "b": 24, "autoexpand": False})
    if colours:
        count = len(colours)
        steps = [(at / count, colour) for place, colour in enumerate(colours) for at in (place, place + 1)]
        line: dict[str, Any] = {
            "color": list(range(count)), "colorscale": steps, "cmin": -0.5, "cmax": count - 0.5, "showscale": False,
        }  # fmt: skip
    else:
        line = {
            "color": list(results), "colorscale": RESULT_SCALE, "showscale": True,
            "colorbar": {"title": {"text": result}, "tickformat": "~%", "thickness": 10, "x": 1.02, "len": 0.9},
        }  # fmt: skip
        chart.update_layout(margin={"r": 108})
    chart.add_parcoords(
        dimensions=[_dimension(axis) for axis in axes], line=line, labelangle=-20, labelside="top",
        tickfont={"size": 12}, labelfont={"size": 13},
        # The ends of the ranges are no one's values.
        rangefont={"color": "rgba(0,0,0,0)"},
        unselected={"line": {"opacity": 0.12, "color": "#8a8f9c"}},
    )  # fmt: skip
    # A brush that the person has set stays when the chart comes again.
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
    """One run in a scatter chart: its name, colour and place; a number, or words on an axis of words."""

    name: str
    colour: str
    x: float | str
    y: float | str


def scatter(dots: Sequence[Dot], x: Scale, y: Scale) -> go.Figure:
    """Any setting or result of some runs against any other; each point carries its place in `dots`."""
    chart = figure(f"{y.title} against {x.title} (n = {len(dots):,})", SCATTER_HEIGHT, showlegend=False)
    chart.add_scatter(
        x=[dot.x for dot in dots], y=[dot.y for dot in dots], mode="markers", customdata=list(range(len(dots))),
        text=[escape(dot.name) for dot in dots], hovertemplate=f"<b>%{{text}}</b><br>{escape(x.title)}: %{{x}}<br>"
        f"{escape(y.title)}: %{{y}}<extra></extra>",
        marker={
            "size": 13, "opacity": 0.85, "color": [dot.colour for dot in dots],
            "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
        },
        selected={"marker": {"size": 18}}, unselected={"marker": {"opacity": 0.45}},
    )  # fmt: skip
    for axis, scale, values in (
        (chart.update_xaxes, x, [dot.x for dot in dots]), (chart.update_yaxes, y, [dot.y for dot in dots])
    ):  # fmt: skip
        fit_axis(axis, scale, values)
    chart.update_layout(clickmode="event+select", uirevision=f"{x.title}{y.title}")
    return chart


def fit_axis(update: Any, scale: Scale, values: Sequence[float | str]) -> None:
    """Title, type and ticks of an axis; a few different values are ticks themselves."""
    different = sorted(set(values), key=str)
    update(title=escape(scale.title))
    if any(isinstance(value, str) for value in values):
        update(type="category", categoryorder="array", categoryarray=different)
        return
    logarithmic = scale.log and all(value > 0 for value in different)
    if logarithmic:
        update(type="log")
    if scale.percent:
        update(tickformat=".4~%")
    elif 0 < len(different) <= FEW and (logarithmic or all(value == int(value) for value in different)):
        update(tickmode="array", tickvals=sorted(different), ticktext=[f"{value:g}" for value in sorted(different)])


def digits_of_runs(names: Sequence[str], right: np.ndarray, images: np.ndarray, baseline: int) -> go.Figure:
    """How each digit fares in each run: counts int (runs, 10) of `images` (10,); green and red against the baseline.

    The last column is all digits together. The baseline's own row is in %, the others in points of a hundred.
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
        f"Accuracy per digit (n = {asked[-1]:,})", digits_height(len(names)), showlegend=False,
        margin={"l": 44, "r": 8, "t": 52, "b": 52, "autoexpand": False},
    )  # fmt: skip
    columns = [*(str(digit) for digit in range(10)), "all"]
    chart.add_heatmap(
        z=np.nan_to_num(change), zmid=0, zmin=-most, zmax=most, x=columns, y=list(range(len(names))), showscale=False,
        colorscale=((0, WORSE), (0.5, "rgba(128,128,128,0.06)"), (1, BETTER)), xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    # Words of their own: what a heatmap writes takes its colour from ours as if no ground shone through.
    chart.add_scatter(
        x=columns * len(names), y=[row for row in range(len(names)) for _ in columns], mode="text", text=texts,
        textfont={"size": 11},
        customdata=[[escape(name), int(count), int(of)] for name, row in zip(names, counts, strict=True)
                    for count, of in zip(row, asked, strict=True)],
        hovertemplate="<b>%{customdata[0]}</b><br>digit %{x}: %{customdata[1]:,} of %{customdata[2]:,} recognised"
        "<extra></extra>",
    )  # fmt: skip
    chart.update_xaxes(title="digit", type="category", side="bottom", showgrid=False, title_standoff=4, ticks="")
    chart.update_yaxes(
        range=[len(names) - 0.5, -0.5], tickvals=list(range(len(names))), showgrid=False, automargin=False, ticks="",
        ticktext=[name.split(" ")[0] for name in names],
    )  # fmt: skip
    return chart


def digits_height(runs: int) -> int:
    return 116 + 32 * runs


def _points(share: float, change: float, is_baseline: bool) -> str:
    """A cell: the baseline's accuracy in %, another run's difference from it in points."""
    if np.isnan(share):
        return "–"
    if is_baseline:
        return f"{100 * share:.1f}".replace("100.0", "100")
    if abs(change) < 0.05:
        return "="
    # Ten points and more, without a fraction that nobody needs: eleven cells fit a telephone.
    return f"{change:+.{0 if abs(change) >= 9.95 else 1}f}".replace("-", "−")


def shortened(text: str, length: int = NAME_LENGTH) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
