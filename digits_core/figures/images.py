"""Pictures of images: a grid of samples, and one image with its pixel values."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from digits_core.figures.palette import DIGIT_COLOURS, INK_SCALE, figure

TILE_HEIGHT = 110
"""Pixels for an image and its label in a grid, where the page is wide."""
SIDE, TILE_RATIO = 0.84, 1.3
"""An image's side and a row's height in a grid, both in widths of a column."""


def sample_grid(images: np.ndarray, labels: np.ndarray, indices: np.ndarray, columns: int, title: str) -> go.Figure:
    """Images uint8 (n, H, W) as tiles with their labels below, in one picture; hover tells the index in the dataset."""
    rows = max(1, -(-len(images) // columns))
    grid = figure(title, height=rows * TILE_HEIGHT + 48, margin={"l": 0, "r": 0, "t": 40, "b": 8})
    x, y = np.arange(len(images)) % columns, np.arange(len(images)) // columns * TILE_RATIO
    for image, column, row in zip(images, x, y, strict=True):
        grid.add_layout_image(
            source=_as_png(image), xref="x", yref="y", x=column, y=row, sizex=SIDE, sizey=SIDE, layer="below"
        )
    grid.add_scatter(
        x=x + SIDE / 2, y=y + SIDE / 2, mode="markers", marker={"size": 48, "opacity": 0, "symbol": "square"},
        customdata=np.stack([labels, indices], axis=1),
        hovertemplate="digit %{customdata[0]}<br>index %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    grid.add_scatter(
        x=x + SIDE / 2, y=y + SIDE + 0.02, mode="text", text=[str(label) for label in labels],
        textposition="bottom center", textfont={"color": [DIGIT_COLOURS[label] for label in labels], "size": 12},
        hoverinfo="skip",
    )  # fmt: skip
    grid.update_layout(showlegend=False, dragmode=False)
    grid.update_xaxes(visible=False, range=[0, columns - 1 + SIDE], fixedrange=True, constrain="domain")
    grid.update_yaxes(visible=False, range=[rows * TILE_RATIO, 0], fixedrange=True, scaleanchor="x")
    grid.update_yaxes(constrain="domain", constraintoward="top")
    return grid


def pixels(image: np.ndarray, title: str, height: int, value_range: tuple[float, float] = (0, 255)) -> go.Figure:
    """One image (H, W) whose pixel values show on hover; `value_range` is drawn from black to white."""
    picture = figure(title, height, margin={"l": 0, "r": 0, "t": 32 if title else 0, "b": 0})
    picture.add_trace(
        go.Heatmap(
            z=image, zmin=value_range[0], zmax=value_range[1], colorscale=INK_SCALE, showscale=False,
            hovertemplate="row %{y}, column %{x}<br>value %{z}<extra></extra>",
        )
    )  # fmt: skip
    picture.update_layout(dragmode=False, title={"font": {"size": 13}, "y": 0.98, "yanchor": "top"})
    # Pixels are square and row 0 is on top.
    picture.update_xaxes(visible=False, constrain="domain", constraintoward="left")
    picture.update_yaxes(
        visible=False, autorange="reversed", scaleanchor="x", constrain="domain", constraintoward="top"
    )
    return picture


def _as_png(image: np.ndarray) -> str:
    """A PNG as a data address, enlarged without smoothing: browsers would blur eight pixels over fifty."""
    factor = max(1, 56 // image.shape[0])
    buffer = io.BytesIO()
    Image.fromarray(image.repeat(factor, axis=0).repeat(factor, axis=1)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
