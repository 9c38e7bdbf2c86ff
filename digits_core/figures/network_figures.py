"""Pictures of a network as a whole: its layers as blocks, its weights, what a neuron adds up, how samples part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, TRAIN_DASH, figure

DIAGRAM_HEIGHT = 320
SHEETS = 5
"""Feature maps that a block shows at most, one behind the other."""
IMAGE_COLOUR = DIGIT_COLOURS[3]


@dataclass(frozen=True)
class Block:
    """One block of a diagram: its colour as #rrggbb, the shape that comes out of it, and what follows it."""

    name: str
    colour: str
    shape: tuple[int, ...]
    then: str
    hover: str


def diagram(blocks: Sequence[Block], selected: str) -> go.Figure:
    """The blocks from left to right, as tall as their maps or as their units are many; a click selects one by name."""
    largest = max(block.shape[-1] for block in blocks if len(block.shape) == 3)
    shapes: list[dict] = []
    words: list[dict] = []
    for place, block in enumerate(blocks):
        shapes += _sheets(place, block, largest, block.name == selected)
        words += _words(place, block, block.name == selected)
        if place + 1 < len(blocks):
            words += _arrow(place, block.then)
    unseen = {"marker": {"opacity": 0}}
    # All at once: each shape that is added to a figure has plotly look through all that are there.
    picture = figure(
        "From the image to ten logits",
        DIAGRAM_HEIGHT,
        margin={"l": 0, "r": 0, "t": 36, "b": 0},
        shapes=shapes,
        annotations=[{"showarrow": False, **each} for each in words],
        dragmode=False,
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"visible": False, "range": [-0.6, len(blocks) - 0.4], "fixedrange": True},
        yaxis={"visible": False, "range": [-1.45, 1.15], "fixedrange": True},
    )
    return picture.add_scatter(
        x=list(range(len(blocks))),
        y=[0.0] * len(blocks),
        mode="markers",
        customdata=[[each.name] for each in blocks],
        marker={"opacity": 0, "size": 90, "symbol": "square"},
        selected=unseen,
        unselected=unseen,
        text=[escape(block.hover) for block in blocks],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _sheets(place: int, block: Block, largest: int, selected: bool) -> list[dict]:
    """The rectangles of a block, the hindmost first."""
    colour = block.colour
    fill = f"rgba({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)}, {0.55 if selected else 0.2})"
    if len(block.shape) == 3:
        channels, side, _ = block.shape
        half, tall, sheets = 0.26 * side / largest, 0.52 * side / largest, min(SHEETS, channels)
    else:
        half, tall, sheets = 0.07, 0.6 * math.log(block.shape[0]) / math.log(1024), 1
    return [
        {
            "type": "rect",
            "x0": place - half + shift,
            "x1": place + half + shift,
            "y0": -tall + 2 * shift,
            "y1": tall + 2 * shift,
            "line": {"color": colour, "width": 2 if selected else 1},
            "fillcolor": fill,
            "layer": "below",
        }
        for shift in (0.03 * sheet for sheet in reversed(range(sheets)))
    ]


def _words(place: int, block: Block, selected: bool) -> list[dict]:
    """The name above a block, and below it how many numbers come out of it."""
    name = f"<b>{escape(block.name)}</b>" if selected else escape(block.name)
    channels, *sides = block.shape
    numbers = f"{channels} ×<br>{' × '.join(map(str, sides))}" if sides else f"{channels}"
    return [
        {"x": place, "y": 1.02, "text": name, "font": {"size": 12}},
        {"x": place, "y": -0.6, "yanchor": "top", "text": numbers, "font": {"size": 11}},
    ]


def _arrow(place: int, then: str) -> list[dict]:
    """The arrow to the next block, and what happens on the way."""
    words = escape(then).replace(",", "").replace(" ", "<br>")
    return [
        {"x": place + 0.56, "y": 0, "text": "→", "font": {"size": 16}},
        {"x": place + 0.5, "y": -1.0, "yanchor": "top", "text": words, "font": {"size": 10}},
    ]


@dataclass(frozen=True)
class Histogram:
    """How often values fall between each two of the `edges`: shares of 1, one fewer than edges."""

    name: str
    colour: str
    edges: Sequence[float]
    shares: Sequence[float]
    dash: str = "solid"


def histograms(histogram: Sequence[Histogram], title: str, height: int = 230) -> go.Figure:
    """Outlines over one another, so that the one behind can be seen."""
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
    """What each of these inputs adds to a sum, the first on top: red raises it, blue lowers it."""
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
    """The ten logits of an answer, in the digits' colours.

    reach: how far the axis goes to either side, where charts stand beside each other; else as far as the bars.
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
    """Samples at (n, 2), each digit written in the middle of its own; hover tells the index in the dataset."""
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


def separation(layers: Sequence[str], shares: Sequence[tuple[str, str, Sequence[float]]], samples: int) -> go.Figure:
    """For each network (a name, a colour, a share for each layer), how well the nearest mean tells the digits."""
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
