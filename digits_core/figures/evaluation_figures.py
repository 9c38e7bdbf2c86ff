"""Figures of how good a run is: its mistakes, confidence, robustness, and accuracy on other datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

import numpy as np
import plotly.graph_objects as go

from digits_core.figures import training_figures
from digits_core.figures.palette import figure
from digits_core.markup import as_png

MATRIX_HEIGHT = training_figures.MATRIX_HEIGHT
HEIGHT = 340
SMALL_HEIGHT = 260
ROW_HEIGHT = 34
GUIDE = "#8a8fa3"
CHOSEN = "#f5a623"
FLOORS = (0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)
BELOW = {"y": -0.24, "yanchor": "top", "x": 0, "xanchor": "left"}
FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
ROOM_FOR_100 = {"r": 30}
"""Room at the end of the axis: plotly omits a tick label that would extend past the chart."""
MISTAKE_COLUMNS, MISTAKE_HEIGHT = 8, 92
ALL = -1
"""No digit in particular."""


def confusion(
    matrix: np.ndarray, shares: bool, label: int = ALL, answer: int = ALL, ink: str | None = None
) -> go.Figure:
    """Draw test images by true digit (rows) and answer (columns), int (10, 10), as counts or as shares of their row.

    A click selects the nearest cell: its `x` is the answer, its `y` the true digit. `label` and `answer` are framed;
    `ink` is the colour of the numbers.
    """
    chart = training_figures.confusion(matrix.tolist(), f"Test images by true digit and answer (n = {matrix.sum():,})")
    part = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # (10, 10)
    # The deepest red is for the most frequent mistake, but not if that is rare.
    chart.data[1].zmax = max(0.1, float((part - np.diag(part.diagonal())).max()))
    cells = chart.data[-1]
    if shares:
        cells.text = [_percent(share) if share else "" for share in part.ravel().tolist()]
    cells.update(
        customdata=np.stack([matrix.ravel(), part.ravel()], axis=1).tolist(),
        hovertemplate="%{y} read as %{x}: %{customdata[0]:,} images, %{customdata[1]:.1%} of all %{y}<extra></extra>",
        # A click also selects the cell in plotly, which would fade the numbers of all others.
        selected={"textfont": {"color": CHOSEN}},
        textfont={"color": ink, "size": 12},
    )
    # A click anywhere in a cell selects it.
    chart.update_layout(hoverdistance=-1, dragmode=False)
    if label != ALL or answer != ALL:
        left, right = (-0.5, 9.5) if answer == ALL else (answer - 0.5, answer + 0.5)
        top, bottom = (-0.5, 9.5) if label == ALL else (label - 0.5, label + 0.5)
        chart.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, line={"color": CHOSEN, "width": 3})
    return chart


def mistakes(
    images: Sequence[np.ndarray],
    labels: Sequence[int],
    answers: Sequence[int],
    confidences: Sequence[float],
    wrong: int,
    tested: int,
) -> go.Figure:
    """Draw some of the `wrong` among `tested` test images, uint8 (H, W) each, with their labels and predictions."""
    rows = max(1, -(-len(images) // MISTAKE_COLUMNS))
    shown = f", {len(images)} of them" if len(images) < wrong else ""
    chart = figure(f"Mistakes: {wrong:,} of {tested:,} test images{shown}", 70 + MISTAKE_HEIGHT * rows, dragmode=False)
    if not images:
        chart.add_annotation(text="Every test image was recognised.", showarrow=False, x=0.5, y=0.5)
    places = [divmod(place, MISTAKE_COLUMNS) for place in range(len(images))]
    for (row, column), image in zip(places, images, strict=True):
        chart.add_layout_image(
            source=as_png(image), xref="x", yref="y", x=column + 0.5, y=row, sizex=0.9, sizey=0.72, xanchor="center"
        )
    chart.add_scatter(
        x=[column + 0.5 for _, column in places],
        y=[row + 0.82 for row, _ in places],
        mode="text",
        text=[f"{label} as {answer}" for label, answer in zip(labels, answers, strict=True)],
        customdata=list(confidences),
        hovertemplate="%{text}, %{customdata:.1%} sure<extra></extra>",
    )
    chart.update_xaxes(visible=False, range=[0, MISTAKE_COLUMNS])
    chart.update_yaxes(visible=False, range=[rows, 0])
    return chart


def reliability(
    edges: np.ndarray, counts: np.ndarray, confidence: np.ndarray, accuracy: np.ndarray, colour: str
) -> go.Figure:
    """Draw a reliability diagram: accuracy by confidence, with the line on which the two are equal.

    edges float (B + 1,); counts int (B,), confidence and accuracy float (B,), NaN for an empty bin.
    """
    total = int(counts.sum())
    chart = figure(f"Reliability (n = {total:,})", HEIGHT, bargap=0)
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    filled = counts > 0
    words = [
        f"confidence {low:.0%} to {high:.0%}: {count:,} images<br>said {said:.1%}, right {right:.1%}"
        for low, high, count, said, right in zip(
            edges[:-1][filled],
            edges[1:][filled],
            counts[filled],
            confidence[filled],
            accuracy[filled],
            strict=True,
        )
    ]
    chart.add_bar(
        x=middle[filled].tolist(),
        y=accuracy[filled].tolist(),
        width=width[filled].tolist(),
        name="right",
        marker={"color": colour, "opacity": 0.75, "line": {"width": 1, "color": "rgba(128,128,128,0.6)"}},
        hovertext=words,
        hoverinfo="text",
    )
    chart.add_scatter(
        x=confidence[filled].tolist(),
        y=accuracy[filled].tolist(),
        mode="markers",
        name="mean confidence",
        marker={"color": CHOSEN, "size": 8},
        hoverinfo="skip",
    )
    chart.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="as often right as sure",
        line={"color": GUIDE, "dash": "dash"},
        hoverinfo="skip",
    )
    chart.update_xaxes(title="confidence", range=[0, 1.02], tickvals=FIFTHS, tickformat="~%")
    chart.update_yaxes(title="share that is right", range=[0, 1.03], tickformat="~%")
    chart.update_layout(legend=BELOW, margin=ROOM_FOR_100)
    return chart


def confidences(edges: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> go.Figure:
    """Draw histograms of the confidence of right and wrong answers, int (B,) each, on a logarithmic axis."""
    chart = figure(f"Confidence of {right.sum():,} right and {wrong.sum():,} wrong answers", HEIGHT, barmode="group")
    middle = ((edges[1:] + edges[:-1]) / 2).tolist()
    for name, counts, colour in (("right", right, "#3472ff"), ("wrong", wrong, "#dc3c3c")):
        chart.add_bar(
            x=middle,
            y=[int(count) or None for count in counts],
            name=name,
            marker={"color": colour},
            hovertemplate="%{y:,} " + name + "<extra></extra>",
        )
    most = max(1, int(right.max(initial=1)), int(wrong.max(initial=1)))
    chart.update_xaxes(title="confidence", range=[0, 1.02], tickvals=FIFTHS, tickformat="~%")
    chart.update_yaxes(title="images (log)", type="log", range=[-0.3, np.log10(most) + 0.2], dtick=1)
    chart.update_layout(legend=BELOW, margin=ROOM_FOR_100)
    return chart


def coverage(
    coverages: np.ndarray,
    accuracies: np.ndarray,
    thresholds: np.ndarray,
    chosen: tuple[float, float],
    images: int,
    colour: str,
) -> go.Figure:
    """Draw the accuracy of the answers against the share of images answered; `chosen` is one (coverage, accuracy)."""
    chart = figure(f"Coverage against accuracy (n = {images:,})", HEIGHT, showlegend=False)
    kept = _thinned(len(coverages))
    chart.add_scatter(
        x=coverages[kept].tolist(),
        y=accuracies[kept].tolist(),
        mode="lines",
        line={"color": colour, "width": 2.5},
        customdata=thresholds[kept].tolist(),
        hovertemplate="threshold %{customdata:.1%}: %{x:.1%} answered, %{y:.2%} of them right<extra></extra>",
    )
    if isfinite(chosen[1]):
        chart.add_scatter(
            x=[chosen[0]], y=[chosen[1]], mode="markers", marker={"color": CHOSEN, "size": 13}, hoverinfo="skip"
        )
    lowest = float(min([*accuracies[coverages > 0.02].tolist(), chosen[1] if isfinite(chosen[1]) else 1.0]))
    floor = _floor(lowest)
    chart.update_xaxes(
        title="coverage: share of images that are answered", range=[0, 1.01], tickvals=FIFTHS, tickformat="~%"
    )
    chart.update_yaxes(title="accuracy of the answers", range=[floor, 1 + 0.03 * (1 - floor)], tickformat="~%")
    chart.update_layout(margin=ROOM_FOR_100)
    return chart


@dataclass(frozen=True)
class Measured:
    """One run's accuracies with their standard errors, fractions of 1."""

    name: str
    colour: str
    accuracy: Sequence[float]
    error: Sequence[float]


def robustness(
    title: str, unit: str, amounts: Sequence[float], nothing: float, runs: Sequence[Measured], floor: float = 0.0
) -> go.Figure:
    """Draw accuracy by the amount of one change, a line for each run; `nothing` is the amount that changes nothing."""
    chart = figure(title, SMALL_HEIGHT, hovermode="x unified", showlegend=len(runs) > 1)
    for run in runs:
        chart.add_scatter(
            x=list(amounts),
            y=list(run.accuracy),
            mode="lines+markers",
            name=escape(run.name),
            line={"color": run.colour, "width": 2.5},
            marker={"size": 6},
            error_y={"type": "data", "array": list(run.error), "thickness": 1.2, "width": 3},
            customdata=list(run.error),
            hovertemplate="%{y:.1%} ± %{customdata:.1%}",
        )
    chart.add_vline(x=nothing, line={"color": GUIDE, "dash": "dot", "width": 1})
    chart.update_xaxes(title=unit, tickvals=list(amounts[:: 2 if len(amounts) > 9 else 1]))
    chart.update_yaxes(title="accuracy", range=[floor, 1.04], tickformat="~%")
    return chart


def across(datasets: Sequence[str], runs: Sequence[Measured]) -> go.Figure:
    """Draw accuracy on the test images of each dataset, a bar for each run; NaN if it was not tested."""
    height = 110 + ROW_HEIGHT * len(datasets) * max(1, len(runs))
    chart = figure("Accuracy on the test images of each dataset", height, barmode="group")
    for run in runs:
        chart.add_bar(
            y=[escape(name) for name in datasets],
            x=list(run.accuracy),
            orientation="h",
            name=escape(run.name),
            marker={"color": run.colour},
            error_x={"type": "data", "array": list(run.error), "thickness": 1.2},
            text=[f"{value:.1%}" if isfinite(value) else "" for value in run.accuracy],
            textposition="inside",
            insidetextanchor="start",
            customdata=list(run.error),
            hovertemplate="%{y}: %{x:.2%} ± %{customdata:.2%}<extra></extra>",
        )
    chart.update_xaxes(title="accuracy", range=[0, 1.04], tickformat="~%")
    chart.update_yaxes(autorange="reversed", type="category")
    chart.update_layout(showlegend=len(runs) > 1)
    return chart


def _percent(share: float) -> str:
    """Format a percentage for a cell, without decimals."""
    return "<1%" if share < 0.005 else f"{share:.0%}"


def _floor(lowest: float) -> float:
    return next(step for step in FLOORS if step <= max(0.0, lowest - 0.002))


def _thinned(count: int, most: int = 600) -> np.ndarray:
    """Return evenly spaced indices of at most `most` points of a line, including the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)) if count else np.zeros(0, int)
