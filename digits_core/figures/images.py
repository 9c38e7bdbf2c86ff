"""Figures of images: one image with its pixel values, and an image as a trace of another figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import INK_SCALE, figure

# Pixels are square and row 0 is on top.
SQUARE_X = {"visible": False, "constrain": "domain", "constraintoward": "left"}
SQUARE_Y = {
    "visible": False,
    "autorange": "reversed",
    "scaleanchor": "x",
    "constrain": "domain",
    "constraintoward": "top",
}


def pixels(
    image: np.ndarray, title: str, height: int, value_range: tuple[float, float] = (0, 255), written: bool = False
) -> go.Figure:
    """Draw one image (H, W) whose pixel values show on hover; `value_range` is drawn from black to white.

    `written` also writes the values into the cells: for images of a few pixels.
    """
    picture = figure(
        title,
        height,
        margin={"l": 0, "r": 0, "t": 32 if title else 0, "b": 0},
        dragmode=False,
        title_font_size=13,
        title_y=0.98,
        title_yanchor="top",
        xaxis=SQUARE_X,
        yaxis=SQUARE_Y,
    )
    picture.add_trace(heatmap(image, value_range, written))
    return picture


def heatmap(image: np.ndarray, value_range: tuple[float, float] = (0, 255), written: bool = False) -> go.Heatmap:
    """Return the image as a trace for a figure with axes such as `SQUARE_X` and `SQUARE_Y`."""
    return go.Heatmap(
        z=image,
        zmin=value_range[0],
        zmax=value_range[1],
        colorscale=INK_SCALE,
        showscale=False,
        hovertemplate="row %{y}, column %{x}<br>value %{z}<extra></extra>",
        texttemplate="%{z}" if written else None,
    )
