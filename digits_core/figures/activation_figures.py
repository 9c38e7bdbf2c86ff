"""Figures of the values inside a network: feature maps, filters, units, and the windows that are read from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digits_core.figures.palette import DIGIT_COLOURS, INK_SCALE, figure

SIGNED_SCALE = ((0.0, DIGIT_COLOURS[0]), (0.5, "#f6f7fb"), (1.0, DIGIT_COLOURS[5]))
"""For values around 0, in both themes: blue below, near white at 0, red above."""
WRITTEN_SCALE = ((0.0, "#93b4ff"), (0.5, "#f6f7fb"), (1.0, "#ee9aab"))
"""The same for cells with written values: dark text is readable on all of it."""
WORDS_COLOUR = "#1b1e2b"
WINDOW_COLOUR = "#f06ca2"
"""Visible on black, grey and white."""
GAP = 1
"""Cells between two maps."""

Range = tuple[float, float]


def value_range(values: Iterable[np.ndarray], signed: bool) -> Range:
    """Return the ends of a scale for all arrays: symmetric around 0 if `signed`, else their minimum and maximum."""
    arrays = list(values)
    low, high = min(float(each.min()) for each in arrays), max(float(each.max()) for each in arrays)
    return (-max(-low, high), max(-low, high)) if signed else (low, high)


def montage(
    maps: np.ndarray,
    title: str,
    columns: int,
    tile: int,
    ranges: Sequence[Range],
    signed: bool = False,
    dead: Sequence[int] = (),
    unit: str = "map",
    row_of: str = "",
) -> go.Figure:
    """Draw maps float (n, H, W) in a grid, row by row, numbered from 0 on hover; those in `dead` are crossed out.

    `ranges` has for each map the values at the two ends of the scale; `tile` is a row's height in pixels. If the rows
    have a meaning, `row_of` names it: hover then counts `unit` within the row.
    """
    count, height, width = maps.shape
    gap = GAP if height > 1 else 0
    rows = -(-count // columns)
    value = np.full((rows * (height + gap) - gap, min(count, columns) * (width + gap) - gap), np.nan, dtype=np.float32)
    where = np.zeros((*value.shape, 4), dtype=np.uint8)
    for number, pixels in enumerate(maps):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        place = np.s_[top : top + height, left : left + width]
        value[place] = pixels
        where[place][..., :2] = divmod(number, columns) if row_of else (0, number)
        where[place][..., 2:] = np.moveaxis(np.indices((height, width)), 0, 2)
    picture = figure(title, height=rows * tile + 44, margin={"l": 0, "r": 0, "t": 36, "b": 8})
    name = f"{row_of} %{{customdata[0]}}, {unit} %{{customdata[1]}}" if row_of else f"{unit} %{{customdata[1]}}"
    place_in_map = "<br>row %{customdata[2]}, column %{customdata[3]}" if height > 1 else ""
    colours, shown = _coloured(value, maps, ranges, columns, gap, signed)
    picture.add_heatmap(
        **colours,
        colorscale=SIGNED_SCALE if signed else INK_SCALE,
        showscale=False,
        customdata=where,
        hoverongaps=False,
        hovertemplate=f"{name}{place_in_map}<br>%{{{shown}:.4f}}<extra></extra>",
    )
    _cross_out(picture, dead, columns, height + gap, width + gap, gap)
    _as_picture(picture)
    picture.update_xaxes(range=[-0.5, value.shape[1] - 0.5])
    return picture.update_yaxes(range=[value.shape[0] - 0.5, -0.5], autorange=False)


def _coloured(
    value: np.ndarray, maps: np.ndarray, ranges: Sequence[Range], columns: int, gap: int, signed: bool
) -> tuple[dict[str, Any], str]:
    """Return heatmap arguments that draw each map on its own range, and the name of the one that has the values."""
    if len(set(ranges)) == 1:  # one scale for all: the values serve as colours, and are sent only once
        low, high = ranges[0]
        return {"z": value, "zmin": low if high > low else low - signed, "zmax": high if high > low else low + 1}, "z"
    z = value.copy()
    _, height, width = maps.shape
    for number, (pixels, (low, high)) in enumerate(zip(maps, ranges, strict=True)):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        share = (pixels - low) / (high - low) if high > low else 0.5 if signed else 0.0
        z[top : top + height, left : left + width] = share
    return {"z": z, "zmin": 0, "zmax": 1, "text": value}, "text"


def _cross_out(picture: go.Figure, dead: Sequence[int], columns: int, height: int, width: int, gap: int) -> None:
    picture.add_scatter(
        x=[number % columns * width + (width - gap - 1) / 2 for number in dead],
        y=[number // columns * height + (height - gap - 1) / 2 for number in dead],
        mode="markers",
        marker={"symbol": "x-thin", "size": 12, "line": {"color": WINDOW_COLOUR, "width": 2}},
        hoverinfo="skip",
        showlegend=False,
    )


def numbers(
    values: np.ndarray,
    title: str,
    height: int,
    bound: float,
    digits: int = 2,
    names: tuple[str, str] = ("row", "column"),
    ticks: Sequence[str] | None = None,
) -> go.Figure:
    """Draw a small table (H, W) with every value written out, coloured from -`bound` to `bound`; NaN stays empty.

    `ticks` name the columns, if given.
    """
    picture = figure(title, height, margin={"l": 0, "r": 0, "t": 30, "b": 4})
    written = [["" if np.isnan(value) else _signed(value, digits) for value in row] for row in values]
    picture.add_heatmap(
        z=values.tolist(),
        zmin=-bound,
        zmax=bound,
        colorscale=WRITTEN_SCALE,
        showscale=False,
        xgap=2,
        ygap=2,
        text=written,
        texttemplate="%{text}",
        textfont={"size": 12, "color": WORDS_COLOUR},
        hoverongaps=False,
        hovertemplate=f"{names[0]} %{{y}}, {names[1]} %{{x}}<br>%{{z:.6f}}<extra></extra>",
    )
    picture.update_layout(dragmode=False, title={"font": {"size": 13}})
    picture.update_xaxes(visible=False, fixedrange=True)
    picture.update_yaxes(visible=False, fixedrange=True, autorange="reversed")
    if ticks is not None:
        picture.update_xaxes(
            visible=True, tickvals=list(range(len(ticks))), ticktext=list(ticks), side="top", showgrid=False
        )
        picture.update_yaxes(visible=True, title=names[0], dtick=1, showgrid=False)
        picture.update_layout(margin={"t": 64}, title={"y": 1, "yanchor": "top", "pad": {"t": 6}})
    return picture


def _signed(value: float, digits: int) -> str:
    """Format a number with a real minus sign and a fixed number of digits."""
    return f"{value:z.{digits}f}".replace("-", "−")


def field(
    values: np.ndarray,
    title: str,
    height: int,
    bounds: Range,
    window: tuple[int, int, int],
    winner: tuple[int, int] | None = None,
    clickable: bool = True,
) -> go.Figure:
    """Draw one map (H, W) with a frame on it: `window` is its (top, left, side) and may extend past the edge.

    If `clickable`, a click selects a cell whose `customdata` is its row and column; the cell `winner` is marked.
    """
    rows, columns = values.shape
    picture = figure(title, height, margin={"l": 0, "r": 0, "t": 32, "b": 0})
    hover = "row %{y}, column %{x}<br>value %{z:.4f}<extra></extra>"
    picture.add_heatmap(
        z=np.round(values, 6).tolist(),
        zmin=bounds[0],
        zmax=bounds[1],
        showscale=False,
        colorscale=INK_SCALE,
        **({"hoverinfo": "skip"} if clickable else {"hovertemplate": hover}),
    )
    if clickable:
        _add_places(picture, values)
    top, left, side = window
    picture.add_shape(
        type="rect",
        x0=left - 0.5,
        x1=left + side - 0.5,
        y0=top - 0.5,
        y1=top + side - 0.5,
        line={"color": WINDOW_COLOUR, "width": 3},
    )
    if winner:
        picture.add_shape(
            type="circle",
            x0=winner[1] - 0.4,
            x1=winner[1] + 0.4,
            y0=winner[0] - 0.4,
            y1=winner[0] + 0.4,
            line={"color": WINDOW_COLOUR, "width": 2},
        )
    picture.update_layout(title={"font": {"size": 13}}, uirevision="field")
    _as_picture(picture)
    # Always reserve room for a window that reaches into the padding, or the picture would jump.
    picture.update_xaxes(range=[-1.6, columns + 0.6])
    return picture.update_yaxes(range=[rows + 0.6, -1.6], autorange=False)


def _add_places(picture: go.Figure, values: np.ndarray) -> None:
    """Add an invisible point on each cell: plotly can select points, but not the cells of a heatmap."""
    places = np.stack([*np.indices(values.shape)], axis=2).reshape(-1, 2)
    unseen = {"marker": {"opacity": 0}}
    picture.add_scatter(
        x=places[:, 1].tolist(),
        y=places[:, 0].tolist(),
        mode="markers",
        customdata=places.tolist(),
        marker={"opacity": 0, "size": 8, "symbol": "square"},
        selected=unseen,
        unselected=unseen,
        showlegend=False,
        text=np.round(values, 4).ravel().tolist(),
        hovertemplate="row %{y}, column %{x}<br>value %{text}<extra></extra>",
    )


def _as_picture(picture: go.Figure) -> go.Figure:
    """Set square cells, row 0 on top, and no zooming."""
    picture.update_layout(dragmode=False, plot_bgcolor="rgba(0,0,0,0)")
    picture.update_xaxes(visible=False, fixedrange=True, constrain="domain", constraintoward="left")
    return picture.update_yaxes(
        visible=False, fixedrange=True, autorange="reversed", scaleanchor="x", constrain="domain", constraintoward="top"
    )
