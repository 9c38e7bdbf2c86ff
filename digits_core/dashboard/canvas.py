"""The canvas to draw digits on, and its picture."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit_drawable_canvas import CanvasResult, st_canvas

from digits_core.browser.canvas import BRUSH_WIDTH, CANVAS_SIDE

WIDE = 640
"""In pixels: room for about five digits next to each other."""


@dataclass(frozen=True)
class Drawing:
    """The content of a canvas: its picture, mode "L", and its strokes as the canvas reports them."""

    picture: Image.Image
    strokes: tuple[dict[str, Any], ...]


def draw_digit(key: str, brush: int = BRUSH_WIDTH) -> Image.Image | None:
    """Draw a square of paper for one digit; return the picture on it, or `None` while it is empty.

    The drawing is kept while the person looks at another page.
    """
    before: Drawing | None = st.session_state.get(_kept(key))
    if before and not is_on_page(key):
        put_on_canvas(key, before.strokes)
    drawing = draw_on(key, brush, before=before)
    st.session_state[_kept(key)] = drawing
    return drawing.picture if drawing else None


def draw_on(
    key: str, brush: int = BRUSH_WIDTH, width: int = CANVAS_SIDE, before: Drawing | None = None
) -> Drawing | None:
    """Draw paper of `width` by `CANVAS_SIDE` pixels to draw on; return its content, or `None` while it is empty.

    `before` is the content of a new canvas that has not reported anything yet, because nothing has been drawn on it.

    Call it inside a fragment: each stroke reruns the code around it. `clear_canvas(key)` empties the canvas and
    `undo_stroke(key)` removes the last stroke; both are meant as callbacks. `put_on_canvas` shows an earlier drawing
    again.
    """
    generation = st.session_state.setdefault(f"{key}_generation", 0)
    result = st_canvas(
        stroke_width=brush,
        stroke_color="#000000",
        background_color="#ffffff",
        height=CANVAS_SIDE,
        width=width,
        drawing_mode="freedraw",
        initial_drawing=st.session_state.get(f"{key}_start"),
        return_image_data=True,
        key=f"{key}_{generation}",
    )
    return _drawing_of(result, before)


def _drawing_of(result: CanvasResult, before: Drawing | None) -> Drawing | None:
    if result.image_data is None:
        return before
    strokes = (result.json_data or {}).get("objects")
    if not strokes:
        return None
    return Drawing(Image.fromarray(np.asarray(result.image_data, dtype=np.uint8)).convert("L"), tuple(strokes))


def picture_by_now(key: str) -> Image.Image | None:
    """Return, in a callback, the last report of the canvas of `draw_digit`, which the page may not have processed."""
    reported = _reported(key) or {"raw": None, "data": None}
    result = CanvasResult(json_data=reported["raw"], image_data_url=reported["data"], return_image_data=True)
    drawing = _drawing_of(result, st.session_state.get(_kept(key)))
    return drawing.picture if drawing else None


def wide_room() -> DeltaGenerator:
    """Return a container for a canvas of the width `WIDE`, which a narrow screen shows smaller."""
    return st.container(width=WIDE + 4, key="wide_canvas")


def beside_canvas() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a container as wide as the canvas, and one for the rest of the row next to it; below it on a narrow
    screen.
    """
    row = st.container(horizontal=True, gap="large")
    return row.container(width=CANVAS_SIDE + 4), row.container(width="stretch")


def drawing_place(width: int = CANVAS_SIDE) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Return containers for the paper, for the answer next to it and for the tools below it.

    On a narrow screen the answer comes right after the paper, before the tools.
    """
    place = st.container(key="drawing_place_wide" if width == WIDE else "drawing_place")
    paper, answer = place.container(key="main_action", gap="xxsmall"), place.container(key="main_picture")
    return (
        paper,
        answer,
        place.container(key="drawing_tools", horizontal=True, gap="small", vertical_alignment="center"),
    )


def offer_brush() -> None:
    """Draw a popover to choose the width of a stroke."""
    with st.popover(
        "Brush",
        icon=":material/brush:",
        key="brush_popover",
        help="The width of a stroke: thin ones fade at 28 × 28, thick ones close the loops of 6, 8 and 9.",
    ):
        choose_brush()


def choose_brush() -> int:
    """Draw the choice of the stroke width; return it in pixels of the paper. It is the same on every page."""
    return st.slider(
        "Brush",
        8,
        40,
        BRUSH_WIDTH,
        key="brush",
        persist_state="session",
        help="Width of a stroke in pixels of the paper, ten of which become one of the network's. Thin strokes "
        "fade at 28 × 28, thick ones close the loops of 6, 8 and 9.",
    )


def clear_canvas(key: str) -> None:
    """Empty the canvas at the next rerun; its component can only be emptied by a new key."""
    st.session_state[f"{key}_generation"] = st.session_state.get(f"{key}_generation", 0) + 1
    st.session_state.pop(f"{key}_start", None)
    st.session_state.pop(_kept(key), None)


def undo_stroke(key: str) -> None:
    """Remove the last stroke at the next rerun."""
    reported = _reported(key)
    # What the canvas last reported, which the page may not have processed yet; else its initial strokes.
    drawing = reported["raw"] if reported else st.session_state[f"{key}_start"]
    _start_with(key, drawing["objects"][:-1])


def _reported(key: str) -> dict[str, Any] | None:
    """Return what the canvas last reported: its strokes as "raw", its picture as "data"; `None` before that."""
    result = st.session_state.get(f"{key}_{st.session_state[f'{key}_generation']}")
    return result.get("drawing") if result else None


def put_on_canvas(key: str, strokes: tuple[dict[str, Any], ...]) -> None:
    """Show these strokes at the next rerun, on a new canvas, to continue an earlier drawing."""
    clear_canvas(key)
    _start_with(key, list(strokes))


def put_picture(key: str, picture: Image.Image) -> None:
    """Put a picture of the canvas's size on the paper at the next rerun, as one stroke; it replaces the drawing."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    source = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    corner = {"left": 0, "top": 0, "originX": "left", "originY": "top"}
    strokes = ({"type": "Image", "src": source, "width": picture.width, "height": picture.height, **corner},)
    put_on_canvas(key, strokes)
    st.session_state[_kept(key)] = Drawing(picture, strokes)


def is_on_page(key: str) -> bool:
    """Return True if the canvas was on the page in the last run: a new canvas has lost its strokes."""
    return f"{key}_{st.session_state.get(f'{key}_generation', 0)}" in st.session_state


def _start_with(key: str, strokes: list[dict[str, Any]]) -> None:
    # The angle makes this drawing differ from the previous one: the canvas does not load an equal drawing twice.
    turn = (st.session_state.get(f"{key}_start") or {}).get("turn", 0) + 1
    st.session_state[f"{key}_start"] = {"objects": strokes, "turn": turn}


def _kept(key: str) -> str:
    """Return the session key of a canvas's content; a component's own value is lost when its page is left."""
    return f"{key}_kept"
