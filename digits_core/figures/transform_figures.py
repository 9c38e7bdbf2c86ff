"""Figures of transforms: variants side by side, mean images before and after."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import INK_SCALE, figure

GAP, FRAME, ENLARGED = 2, 1, 4
"""Pixels between variants, pixels of the frame around the first one, and the enlargement factor."""
MEAN_COLUMNS, MEANS_HEIGHT, LABEL_SHARE = 6, 500, 0.6
"""Pairs in a row; the height of the chart; room for a label, in sides of an image."""
FRAME_COLOUR = (52, 114, 255, 255)  # the palette's first


def mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """Arrange images uint8 (n, S, S) in a grid, transparent in between, the first in a frame: uint8 (H, W, 4)."""
    count, side = len(images), images.shape[1] * ENLARGED
    cell, rows = side + 2 * GAP * ENLARGED, -(-len(images) // columns)
    sheet = np.zeros((rows * cell, min(columns, count) * cell, 4), dtype=np.uint8)
    for place, image in enumerate(images):
        top, left = (part * cell + GAP * ENLARGED for part in divmod(place, columns))
        if place == 0:
            frame = FRAME * ENLARGED
            sheet[top - frame : top + side + frame, left - frame : left + side + frame] = FRAME_COLOUR
        large = image.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
        sheet[top : top + side, left : left + side, :3] = large[:, :, None]
        sheet[top : top + side, left : left + side, 3] = 255
    return sheet


def means(before: np.ndarray, after: np.ndarray, count: int) -> go.Figure:
    """Draw mean images (11, S, S) of all and of each digit in pairs: without random steps above, with them below."""
    size = before.shape[-1]
    cell, band = size + GAP, 2 * size + GAP + round(size * LABEL_SHARE)
    height = band + (2 * size + GAP)
    sheet = np.full((height, MEAN_COLUMNS * cell - GAP), np.nan)
    chart = figure(
        f"Mean images (n = {count:,})",
        MEANS_HEIGHT,
        dragmode=False,
        margin={"l": 60, "r": 4, "t": 64, "b": 8},
    )
    for place, name in enumerate(("all", *range(10))):
        row, column = divmod(place, MEAN_COLUMNS)
        left, top = column * cell, row * band
        sheet[top : top + size, left : left + size] = before[place].round(1)
        sheet[top + cell : top + cell + size, left : left + size] = after[place].round(1)
        chart.add_annotation(text=str(name), x=left + size / 2, y=top - 0.5, yanchor="bottom", showarrow=False)
    shown = [[None if np.isnan(value) else value for value in line] for line in sheet.tolist()]
    chart.add_heatmap(
        z=shown,
        zmin=0,
        zmax=max(1.0, float(before.max())),
        colorscale=INK_SCALE,
        showscale=False,
        hoverongaps=False,
        hovertemplate="mean ink %{z:.0f} of 255<extra></extra>",
    )
    middles = [start + size / 2 for top in (0, band) for start in (top, top + cell)]
    chart.update_xaxes(visible=False, constrain="domain", constraintoward="left")
    chart.update_yaxes(
        tickvals=middles,
        ticktext=["test", "training"] * 2,
        range=[height, -0.5],
        showgrid=False,
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
    )
    return chart
