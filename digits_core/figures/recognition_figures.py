"""Charts of recognition results: ten probabilities, those of several digits or runs, a photo with its boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.basic_charts import probabilities as bars
from digits_core.figures.palette import DIGIT_COLOURS, figure

BARS_HEIGHT = 300
ROW_HEIGHT, AROUND_ROWS = 28, 110
MOST_ROWS = 24
"""More digits than this make the rows lower, not the chart taller."""
WRITTEN_FROM, WHITE_FROM = 0.05, 0.6
_LABEL_SIZE, _LABEL_ROOM = 13, 22
"""The font size and the total height of a box's label, in screen pixels."""
NARROWEST = 320
"""The minimum width of a photo, in screen pixels."""
_AGAINST = "#a92a43"
_LEFT_OUT, _LEFT_OUT_FILL = "#6b7080", "rgba(107, 112, 128, 0.18)"
FOR_AND_AGAINST = [
    [0, "rgba(255, 84, 112, 1)"],
    [0.5, "rgba(128, 128, 128, 0)"],
    [1, "rgba(46, 224, 150, 1)"],
]
"""Red to green via transparent: on black, also distinguishable without seeing red, because one is much lighter."""


@dataclass(frozen=True)
class Boxed:
    """A digit on a photo: its box in pixels of the photo, its label, and the hover text."""

    left: float
    top: float
    width: float
    height: float
    label: int | None
    words: str
    sure: bool = True
    chosen: bool = False


def probabilities(values: np.ndarray) -> go.Figure:
    """Draw the ten probabilities of a prediction, float (10,)."""
    chart = bars(values, "Probabilities", BARS_HEIGHT)
    # Room is scarce on a phone and next to a photo: few ticks, and much of the axis for the text after a bar.
    chart.update_xaxes(tickvals=[0, 0.5, 1], tickangle=0, range=[0, 1.25])
    chart.update_layout(dragmode=False)
    return chart


def several_height(count: int) -> int:
    return AROUND_ROWS + ROW_HEIGHT * min(max(count, 2), MOST_ROWS)


def several(values: np.ndarray) -> go.Figure:
    """Draw the probabilities of several digits in reading order, float (n, 10): a row each, labelled from 5 %."""
    count = len(values)
    chart = figure(f"Probabilities of each digit (n = {count})", several_height(count), dragmode=False)
    names = [str(place + 1) for place in range(count)]
    chart.add_heatmap(
        z=values.tolist(),
        x=[str(digit) for digit in range(10)],
        y=names,
        zmin=0,
        zmax=1,
        showscale=False,
        colorscale=[[0, "rgba(67, 72, 201, 0.04)"], [1, "rgba(67, 72, 201, 0.9)"]],
        xgap=2,
        ygap=2,
        hovertemplate="place %{y}, a %{x}: %{z:.2%}<extra></extra>",
    )
    if count <= MOST_ROWS:
        # White on strong colours; on weak ones, through which the page shows, in the page's own text colour.
        for low, high, colour in ((WRITTEN_FROM, WHITE_FROM, None), (WHITE_FROM, np.inf, "#ffffff")):
            places, digits = np.nonzero((values >= low) & (values < high))
            chart.add_scatter(
                x=[str(digit) for digit in digits],
                y=[names[place] for place in places],
                mode="text",
                text=[f"{value:.0%}" for value in values[places, digits]],
                textfont={"color": colour},
                hoverinfo="skip",
                showlegend=False,
            )
    chart.update_xaxes(title="digit", type="category", side="bottom", showgrid=False)
    chart.update_yaxes(title="place", type="category", autorange="reversed", showgrid=False)
    return chart


def boxed(
    photo: str, size: tuple[int, int], boxes: Sequence[Boxed], height: int, left_out: Sequence[Boxed] = ()
) -> go.Figure:
    """Draw a photo, a data URL of (width, height) pixels, with each digit in a box of its colour and its label above.

    The box of an uncertain digit is dotted, that of a chosen one thick; hovering over a box shows its `words`. Boxes in
    `left_out` have a grey, dashed frame and no label.
    """
    width, tall = size
    chart = figure("", height, dragmode=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}, showlegend=False)
    chart.add_layout_image(
        source=photo, x=0, y=0, sizex=width, sizey=tall, xref="x", yref="y", layer="below", sizing="stretch"
    )
    room = _LABEL_ROOM * max(tall / height, width / NARROWEST)  # for a label, in pixels of the photo
    for each in boxes:
        colour = DIGIT_COLOURS[each.label] if each.label is not None else _AGAINST
        at_right_edge = each.left + room > width
        chart.add_shape(
            type="rect",
            x0=each.left,
            y0=each.top,
            x1=each.left + each.width,
            y1=each.top + each.height,
            line={"color": colour, "width": 4 if each.chosen else 2, "dash": "solid" if each.sure else "dot"},
        )
        chart.add_annotation(
            x=each.left + each.width * at_right_edge,
            xanchor="right" if at_right_edge else "left",
            y=each.top,
            yanchor="bottom",
            showarrow=False,
            borderpad=1,
            bgcolor=colour,
            text=_label(each),
            font={"size": _LABEL_SIZE, "color": "#ffffff"},
        )
    for each in left_out:
        chart.add_shape(
            type="rect",
            x0=each.left,
            y0=each.top,
            x1=each.left + each.width,
            y1=each.top + each.height,
            line={"color": _LEFT_OUT, "width": 2, "dash": "dash"},
            fillcolor=_LEFT_OUT_FILL,
        )
    everything = [*boxes, *left_out]
    chart.add_scatter(
        x=[each.left + each.width / 2 for each in everything],
        y=[each.top + each.height / 2 for each in everything],
        mode="markers",
        marker={"size": 26, "opacity": 0},
        text=[escape(each.words) for each in everything],
        hovertemplate="%{text}<extra></extra>",
    )
    chart.update_xaxes(visible=False, range=[0, width], constrain="domain", constraintoward="left")
    chart.update_yaxes(
        visible=False,
        range=[tall, min(0, *(each.top - room for each in boxes), 0)],
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
    )
    return chart


def overlay(seen: np.ndarray, values: np.ndarray, title: str, side: int, unit: str) -> go.Figure:
    """Draw values (S, S) from -1 to 1 on an image, uint8 (S, S): green is evidence for, red against, as hover shows.

    The ink shows through in grey; the stronger the colour, the larger the value.
    """
    chart = figure(
        title, side + (32 if title else 0), dragmode=False, margin={"l": 0, "r": 0, "t": 32 if title else 0, "b": 0}
    )
    chart.add_heatmap(z=seen.tolist(), zmin=0, zmax=510, colorscale="gray", showscale=False, hoverinfo="skip")
    chart.add_heatmap(
        z=values.round(3).tolist(),
        zmin=-1,
        zmax=1,
        showscale=False,
        colorscale=FOR_AND_AGAINST,
        hovertemplate="row %{y}, column %{x}<br>" + unit + " %{z:+.2f}<extra></extra>",
    )
    chart.update_layout(title={"font": {"size": 13}, "y": 0.98, "yanchor": "top"})
    chart.update_xaxes(visible=False, constrain="domain", constraintoward="left")
    chart.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain", constraintoward="top")
    return chart


def _label(each: Boxed) -> str:
    name = "?" if each.label is None else str(each.label)
    return name if each.sure or each.label is None else f"{name}?"
