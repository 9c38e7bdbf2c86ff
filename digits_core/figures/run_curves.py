"""The curves of any number of runs, by epoch or by seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.comparison_figures import Scale, shortened
from digits_core.figures.error_scale import accuracy_range, log_axis, on_log
from digits_core.figures.palette import TRAIN_DASH, figure
from digits_core.figures.training_figures import nice_above

CURVE_HEIGHT = 260
LEGEND_ROW = 20
LEGEND_RUNS = 20
"""Above this many names a legend does not help: the hover label names the run."""
POINTS = 24_000
"""For all lines of a chart together: as many as a browser draws and moves without delay."""
FEWEST_POINTS, MOST_POINTS = 60, 1000
SINGLE_LINES = 200
"""Above this many, lines that look alike are drawn as one trace with gaps: each trace takes a browser milliseconds."""
MARKED_POINTS = 2_000
"""With more points in a chart, their markers would hide the lines and take a browser longer to draw than these."""
Trace = dict[str, Any]
"""A plotly trace as a dictionary, not yet validated."""


@dataclass(frozen=True, eq=False)
class RunLine:
    """One run's training or test values: each array float (n,); `epochs` and `seconds` from the start of the run.

    Values of neither `split`, "", are at steps of any kind instead of epochs, and have no seconds.
    `smoothed`, if given, is drawn over the measured `values`.
    """

    run: str
    split: str
    colour: str
    epochs: np.ndarray
    seconds: np.ndarray
    values: np.ndarray
    smoothed: np.ndarray | None = None


def run_curves(
    lines: Sequence[RunLine], title: str, scale: Scale, *, by_seconds: bool = False, epochs: int = 1
) -> go.Figure:
    """Draw the lines of runs, training dotted and test solid; `epochs` reserves the axis for epochs yet to come.

    Long lines are thinned to measured points, so that hover shows true values.
    """
    names = list(dict.fromkeys(line.run for line in lines))
    rows = -(-len(names) // 2) if 1 < len(names) <= LEGEND_RUNS else 0
    chart = figure(title, curves_height(len(names)), hovermode="closest", showlegend=bool(rows))
    most = max(FEWEST_POINTS, min(MOST_POINTS, POINTS // max(1, len(lines))))
    last = {line.run: number for number, line in enumerate(lines)}
    marked = sum(min(len(line.values), most) for line in lines) <= MARKED_POINTS
    axis = log_axis(np.concatenate([[], *(line.values for line in lines)]), scale.percent) if scale.log else {}
    traces = [
        trace
        for number, line in enumerate(lines)
        for trace in _traces(line, scale, axis, by_seconds, most, named=last[line.run] == number, marked=marked)
    ]
    chart.add_traces(traces if len(lines) <= SINGLE_LINES else _bundled(traces))
    _fit_axes(chart, lines, scale, axis, by_seconds, epochs)
    chart.update_layout(
        uirevision=f"{by_seconds}{scale.log}",
        transition={"duration": 0},
        margin={"l": 58, "r": 12, "t": 34, "b": 44 + LEGEND_ROW * rows, "autoexpand": False},
        legend={
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 0,
            "yanchor": "bottom",
            "yref": "container",
            "entrywidth": 0.47,
            "entrywidthmode": "fraction",
            "font": {"size": 11},
            "tracegroupgap": 0,
        },
    )
    return chart


def curves_height(runs: int) -> int:
    """Return the height of a chart of `runs` runs, including its legend."""
    return CURVE_HEIGHT + (LEGEND_ROW * -(-runs // 2) if 1 < runs <= LEGEND_RUNS else 0)


def thinned(values: np.ndarray, most: int) -> np.ndarray:
    """Return up to about `most` indices of float (n,) to draw: both ends, the lowest and highest of each stretch."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    kept = {0, count - 1}
    for stretch in np.array_split(np.arange(count), max(1, (most - 2) // 2)):
        known = stretch[np.isfinite(values[stretch])]
        if len(known):
            kept |= {int(known[values[known].argmin()]), int(known[values[known].argmax()])}
    return np.array(sorted(kept))


def _traces(
    line: RunLine, scale: Scale, axis: dict[str, Any], by_seconds: bool, most: int, named: bool, marked: bool
) -> Iterator[Trace]:
    """Yield the trace of a line, after that of the measured values if it is smoothed; on the log `axis` if any."""

    def place(values: np.ndarray) -> np.ndarray:
        return on_log(values, axis) if axis else values

    x, other = (line.seconds, line.epochs) if by_seconds else (line.epochs, line.seconds)
    shown = line.values if line.smoothed is None else line.smoothed
    dash = TRAIN_DASH if line.split == "training" else "solid"
    if line.smoothed is not None:
        kept = thinned(line.values, most)
        yield {
            "type": "scatter",
            "x": x[kept],
            "y": place(line.values[kept]),
            "mode": "lines",
            "opacity": 0.28,
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": escape(line.run),
            "line": {"color": line.colour, "width": 1, "dash": dash},
        }
    kept = thinned(shown, most)
    yield {
        "type": "scatter",
        "x": x[kept],
        "y": place(shown[kept]),
        "name": escape(shortened(line.run)),
        "legendgroup": escape(line.run),
        "showlegend": named,
        "text": escape(line.run),
        "hovertemplate": _label(line, scale, by_seconds),
        "customdata": np.stack([other[kept], line.values[kept]], axis=1),
        "mode": "lines+markers" if marked and len(kept) <= 40 else "lines",
        "marker": {"size": 6},
        "line": {"color": line.colour, "width": 2, "dash": dash},
    }


def _bundled(traces: Sequence[Trace]) -> list[Trace]:
    """Merge traces that look alike into one each, with a gap between two lines.

    The name of the run, which differs from line to line, is stored with each point.
    """
    alike: dict[str, list[Trace]] = {}
    for trace in traces:
        alike.setdefault(repr((trace["line"], trace.get("opacity"))), []).append(trace)
    bundles = []
    for lines in alike.values():
        # Thin and pale, so that one colour does not cover the others.
        bundle = {"opacity": 0.5, **lines[0], "showlegend": False, "line": {**lines[0]["line"], "width": 1}}
        for axis in ("x", "y"):
            bundle[axis] = np.concatenate([part for line in lines for part in (line[axis], [np.nan])])
        if "text" in bundle:
            gap = np.full((1, 2), np.nan)
            bundle["customdata"] = np.concatenate([part for line in lines for part in (line["customdata"], gap)])
            bundle["text"] = [line["text"] for line in lines for _ in range(len(line["x"]) + 1)]
        bundles.append(bundle)
    return bundles


def _label(line: RunLine, scale: Scale, by_seconds: bool) -> str:
    form = ".2%" if scale.percent else ".4f"
    place = "epoch %{customdata[0]} · %{x:.1f} s" if by_seconds else "epoch %{x} · %{customdata[0]:.1f} s"
    value = f"%{{customdata[1]:{form}}}"
    if line.smoothed is not None:
        value = f"smoothed %{{y:{form}}}, measured {value}"
    where = f"{line.split}, {place}" if line.split else "step %{x}"
    return f"<b>%{{text}}</b><br>{where}<br>{value}<extra></extra>"


def _fit_axes(
    chart: go.Figure, lines: Sequence[RunLine], scale: Scale, axis: dict[str, Any], by_seconds: bool, epochs: int
) -> None:
    """Set axis titles and ranges that rarely change while points arrive."""
    if by_seconds:
        last = max((float(line.seconds[-1]) for line in lines if len(line.seconds)), default=1.0)
        chart.update_xaxes(title="training time (s)", range=[0, nice_above(last)])
    else:
        drawn = [line for line in lines if len(line.epochs)]
        last = max([epochs, *(int(line.epochs[-1]) for line in drawn)])
        # A user's own training loop may count from 0.
        first = min([1, *(int(line.epochs[0]) for line in drawn)])
        chart.update_xaxes(
            title="epoch" if any(line.split for line in lines) else "step",
            range=[first - 0.5, last + 0.5],
            tickmode="auto" if last > 12 else "linear",
        )
    chart.update_xaxes(automargin=False, title_standoff=6)
    chart.update_yaxes(title=scale.title, automargin=False, title_standoff=4)
    if axis:
        chart.update_yaxes(**axis)
    elif scale.percent:
        chart.update_yaxes(range=accuracy_range([line.values for line in lines]), tickformat="~%")
    else:
        known = [line.values[np.isfinite(line.values)] for line in lines]
        top = nice_above(1.02 * max((float(each.max()) for each in known if len(each)), default=1.0))
        chart.update_yaxes(range=[0, top], tickformat="~g" if top >= 10_000 else None)
