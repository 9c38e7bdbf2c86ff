"""Figures of a network as a whole: its weights, the sum of a neuron, the separation of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, TRAIN_DASH, figure


@dataclass(frozen=True)
class Histogram:
    """How often values fall between neighbouring `edges`, as fractions of 1: one fewer than edges."""

    name: str
    colour: str
    edges: Sequence[float]
    shares: Sequence[float]
    dash: str = "solid"


def histograms(histogram: Sequence[Histogram], title: str, height: int = 230) -> go.Figure:
    """Draw histograms as outlines, so that those behind remain visible."""
    chart = figure(title, height, margin={"l": 8, "r": 8, "t": 64, "b": 8})
    for each in histogram:
        chart.add_scatter(
            x=list(each.edges),
            y=[*each.shares, 0],
            mode="lines",
            name=escape(each.name),
            line={"shape": "hv", "color": each.colour, "dash": each.dash, "width": 1.5},
            hovertemplate="%{x:.4f}: %{y:.2%}",
        )
    chart.update_xaxes(title="weight")
    chart.update_yaxes(title="share of weights", tickformat=".0%", rangemode="tozero")
    chart.update_layout(title={"font": {"size": 13}, "y": 0.98, "yanchor": "top"}, legend={"x": 0, "xanchor": "left"})
    return chart


def contributions(names: Sequence[str], products: Sequence[float], title: str, height: int = 420) -> go.Figure:
    """Draw what each input adds to a sum, the first on top: red increases it, blue decreases it."""
    chart = figure(title, height)
    chart.add_bar(
        y=[escape(name) for name in names],
        x=list(products),
        orientation="h",
        marker={"color": [DIGIT_COLOURS[5] if value > 0 else DIGIT_COLOURS[0] for value in products]},
        text=[f"{value:+.3f}".replace("-", "−") for value in products],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.6f}<extra></extra>",
    )
    reach = 1.5 * max(map(abs, products))  # room for the number at the end of a bar
    low, high = (-reach if min(products) < 0 else 0), (reach if max(products) > 0 else 0)
    chart.update_xaxes(title="input × weight", range=[low, high])
    chart.update_yaxes(type="category", autorange="reversed")
    return chart


def logits(values: Sequence[float], title: str, reach: float | None = None, height: int = 340) -> go.Figure:
    """Draw the ten logits of a prediction, in the digits' colours.

    reach: How far the axis extends to either side, to make charts comparable; by default as far as the bars.
    """
    chart = figure(title, height)
    chart.add_bar(
        y=[str(digit) for digit in range(len(values))],
        x=list(values),
        orientation="h",
        marker={"color": DIGIT_COLOURS},
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    chart.update_xaxes(title="logit", range=[-reach, reach] if reach else None)
    chart.update_yaxes(title="digit", type="category", autorange="reversed")
    return chart


def sample_map(
    points: np.ndarray,
    labels: np.ndarray,
    indices: np.ndarray,
    title: str,
    explained: Sequence[float] | np.ndarray,
    height: int = 330,
) -> go.Figure:
    """Draw samples as points (n, 2), each digit written at the median of its own; hover shows the dataset index."""
    chart = figure(title, height, margin={"l": 8, "r": 8, "t": 40, "b": 8})
    chart.add_scatter(
        x=points[:, 0].round(4).tolist(),
        y=points[:, 1].round(4).tolist(),
        mode="markers",
        marker={"size": 5, "opacity": 0.4, "color": [DIGIT_COLOURS[each] for each in labels]},
        customdata=np.stack([labels, indices], axis=1).tolist(),
        hovertemplate="digit %{customdata[0]}<br>index %{customdata[1]}<extra></extra>",
    )
    digits = np.unique(labels).tolist()
    middles = [np.median(points[labels == digit], axis=0).round(4).tolist() for digit in digits]
    chart.add_scatter(
        x=[x for x, _ in middles],
        y=[y for _, y in middles],
        mode="text",
        hoverinfo="skip",
        text=[f"<b>{digit}</b>" for digit in digits],
        textfont={"size": 20, "color": [DIGIT_COLOURS[digit] for digit in digits]},
    )
    chart.update_layout(title={"font": {"size": 13}}, dragmode=False, showlegend=False)
    chart.update_xaxes(title=f"1st direction ({explained[0]:.0%} of the variance)", showticklabels=False)
    return chart.update_yaxes(title=f"2nd ({explained[1]:.0%})", showticklabels=False)


def accuracy_by_share(shares: Sequence[float], accuracies: Sequence[float], samples: int) -> go.Figure:
    """Draw accuracy against the share of weights set to 0."""
    chart = figure(f"Accuracy without the smallest weights (n = {samples:,})", height=280, hovermode="x unified")
    chart.add_scatter(
        x=list(shares),
        y=list(accuracies),
        mode="lines+markers",
        line={"color": DIGIT_COLOURS[0], "width": 2.5},
        hovertemplate="%{y:.1%}<extra></extra>",
        showlegend=False,
    )
    chart.update_xaxes(title="share of weights set to 0", tickformat=".0%")
    return chart.update_yaxes(title="accuracy", tickformat=".0%", range=[0, 1.03])


def separation(layers: Sequence[str], shares: Sequence[tuple[str, str, Sequence[float]]], samples: int) -> go.Figure:
    """Draw the share of samples nearest to their digit's mean, per layer of each network (name, colour, shares)."""
    chart = figure(f"Nearest to the mean of their own digit (n = {samples:,})", height=300)
    for place, (name, colour, values) in enumerate(shares):
        chart.add_scatter(
            x=list(layers),
            y=list(values),
            mode="lines+markers",
            name=escape(name),
            marker={"size": 8},
            line={"color": colour, "width": 2.5, "dash": TRAIN_DASH if place else "solid"},
            hovertemplate="%{y:.1%}",
        )
    chart.update_layout(hovermode="x unified", legend={"y": -0.3, "yanchor": "top", "x": 0, "xanchor": "left"})
    chart.update_xaxes(title="layer", type="category")
    return chart.update_yaxes(title="share of samples", tickformat=".0%", range=[0, 1.03])
