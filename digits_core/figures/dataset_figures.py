"""Figures of whole datasets: their pixel values, their digits compared with another set's, maps of their images."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, figure

BARS = 64
"""Bars of a histogram of 256 values: neighbouring values are counted together, as most sets use only some of them."""
DECADES = [10.0**-exponent for exponent in range(9)]
SET_COLOURS = (DIGIT_COLOURS[0], DIGIT_COLOURS[1])
HEIGHT = 300
MAP_HEIGHT = 560
BELOW = {"y": -0.3, "yanchor": "top", "x": 0, "xanchor": "left"}
"""A legend below the chart, so that it cannot overlap the title."""


def pixel_values(histograms: Mapping[str, np.ndarray], log: bool, height: int = HEIGHT) -> go.Figure:
    """Draw how often each pixel value occurs, as a share of all pixels; int (256,) for one or two sets, by name."""
    total = sum(int(counts.sum()) for counts in histograms.values())
    chart = figure(f"Pixel values (n = {total:,} pixels)", height, barmode="overlay", bargap=0.05)
    width = 256 // BARS
    starts = np.arange(BARS) * width
    for (name, counts), colour in zip(histograms.items(), SET_COLOURS, strict=False):
        shares = counts.reshape(BARS, width).sum(axis=1) / max(1, counts.sum())
        chart.add_bar(
            x=(starts + (width - 1) / 2).tolist(),
            y=[share or None for share in shares.tolist()],
            name=escape(name),
            marker={"color": colour, "opacity": 0.65 if len(histograms) > 1 else 1.0},
            customdata=[f"{start} to {start + width - 1}" for start in starts.tolist()],
            hovertemplate="values %{customdata}: %{y:.2%} of the pixels<extra></extra>",
        )
    chart.update_xaxes(title="pixel value (0 paper, 255 full ink)", range=[-2, 257], tickvals=[0, 64, 128, 192, 255])
    chart.update_yaxes(title="share of pixels", tickformat="~%")
    if log:
        shares = [share for bars in chart.data for share in bars.y if share]
        least = np.log10(min(shares, default=1)) - 0.2
        chart.update_yaxes(type="log", range=[min(-2, float(least)), 0.1], tickvals=DECADES)
    chart.update_layout(showlegend=len(histograms) > 1, legend=BELOW)
    return chart


def balances(counts: Mapping[str, np.ndarray]) -> go.Figure:
    """Draw the share of each digit in each set, side by side; int (10,) for each set, by name."""
    total = sum(int(each.sum()) for each in counts.values())
    chart = figure(f"Share of each digit (n = {total:,})", HEIGHT, barmode="group")
    for (name, each), colour in zip(counts.items(), SET_COLOURS, strict=False):
        chart.add_bar(
            x=[str(digit) for digit in range(10)],
            y=(each / max(1, each.sum())).tolist(),
            name=escape(name),
            marker={"color": colour},
            customdata=each.tolist(),
            hovertemplate="digit %{x}: %{y:.1%} (%{customdata:,} images)<extra></extra>",
        )
    chart.update_xaxes(title="digit", type="category")
    chart.update_yaxes(title="share of images", tickformat="~%")
    chart.update_layout(legend=BELOW)
    return chart


def image_map(
    points: np.ndarray,
    labels: np.ndarray,
    places: np.ndarray,
    title: str,
    axes: tuple[str, str],
    select: Literal["lasso", "select"] = "lasso",
) -> go.Figure:
    """Draw images as points (n, 2) in the colour of their digit; the custom data is the index in the dataset.

    `select` is what dragging draws: a lasso or a box.
    """
    chart = figure(title, MAP_HEIGHT, dragmode=select)
    for digit in np.unique(labels).tolist():
        own = labels == digit
        chart.add_scatter(
            x=points[own, 0].round(3).tolist(),
            y=points[own, 1].round(3).tolist(),
            mode="markers",
            name=str(digit),
            customdata=places[own].tolist(),
            marker={"color": DIGIT_COLOURS[digit], "size": 5, "opacity": 0.75},
            hovertemplate=f"digit {digit}<br>index %{{customdata}}<extra></extra>",
            unselected={"marker": {"opacity": 0.15}},
        )
    chart.update_xaxes(title=axes[0], showticklabels=False)
    chart.update_yaxes(title=axes[1], showticklabels=False)
    chart.update_layout(uirevision=title, legend={**BELOW, "y": -0.08, "itemsizing": "constant"})
    return chart


def nearest_distances(distances: Mapping[str, np.ndarray], threshold: float) -> go.Figure:
    """Draw histograms of distances to the nearest image, float (n,) for each of two splits; a line at `threshold`."""
    values = [each for each in distances.values() if len(each)]
    top = max([1.0, threshold * 1.5, *(float(np.percentile(each, 99.5)) for each in values)])
    edges = np.linspace(0, top, 61)
    total = sum(len(each) for each in values)
    chart = figure(f"Difference to the nearest image (n = {total:,})", HEIGHT, barmode="stack", bargap=0.05)
    for (name, each), opacity in zip(distances.items(), (1.0, 0.45), strict=False):
        counts, _ = np.histogram(each, edges)
        chart.add_bar(
            x=((edges[:-1] + edges[1:]) / 2).tolist(),
            y=counts.tolist(),
            name=escape(name),
            marker={"color": DIGIT_COLOURS[0], "opacity": opacity},
            hovertemplate="difference %{x:.1f}: %{y:,} images<extra></extra>",
        )
    chart.add_vline(
        threshold,
        line={"color": DIGIT_COLOURS[5], "dash": "dash", "width": 2},
        annotation={"text": "threshold", "yanchor": "top", "xanchor": "left"},
    )
    chart.update_xaxes(title="difference (grey levels per pixel)", range=[0, top])
    chart.update_yaxes(title="images")
    # A legend would show one colour twice; the text says what full and pale mean.
    chart.update_layout(showlegend=False)
    full, pale = distances
    chart.add_annotation(
        text=escape(f"full: {full} · pale: {pale}"),
        xref="paper",
        yref="paper",
        x=1,
        y=1.02,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
    )
    return chart
