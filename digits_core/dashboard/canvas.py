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
"""Pixels: room for some five digits beside each other."""


@dataclass(frozen=True)
class Drawing:
    """What is on a canvas: its picture, mode "L", and its strokes as the canvas reports them."""

    picture: Image.Image
    strokes: tuple[dict[str, Any], ...]


def draw_digit(key: str, brush: int = BRUSH_WIDTH) -> Image.Image | None:
    """Draw a square of paper for one digit; return the picture on it, or `None` while it is empty.

    What is on it stays while the person looks at another page.
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
    """Draw paper of `width` by `CANVAS_SIDE` pixels to draw on; return what is on it, or `None` while it is empty.

    `before` is what is on a canvas that has not reported anything yet, because nobody has drawn on it since it came.
    Call it inside a fragment: each stroke reruns what is around it. `clear_canvas(key)` empties it, `undo_stroke(key)`
    takes the last stroke back; both are meant as callbacks. `put_on_canvas` shows an earlier drawing again.
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
    """Return, in a callback, what the canvas of `draw_digit` has reported, which the page may not have drawn yet."""
    reported = _reported(key) or {"raw": None, "data": None}
    result = CanvasResult(json_data=reported["raw"], image_data_url=reported["data"], return_image_data=True)
    drawing = _drawing_of(result, st.session_state.get(_kept(key)))
    return drawing.picture if drawing else None


def wide_room() -> DeltaGenerator:
    """Return room for a canvas of the width `WIDE`, which a narrow screen shows smaller."""
    return st.container(width=WIDE + 4, key="wide_canvas")


def beside_canvas() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return room as wide as the canvas, and the rest of the row next to it; below it on a narrow screen."""
    row = st.container(horizontal=True, gap="large")
    return row.container(width=CANVAS_SIDE + 4), row.container(width="stretch")


def drawing_place(width: int = CANVAS_SIDE) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Return room for the paper, for the answer beside it and for the tools below it.

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
    """Offer the width of a stroke, one click away."""
    with st.popover(
        "Brush",
        icon=":material/brush:",
        key="brush_popover",
        help="The width of a stroke: thin ones fade at 28 × 28, thick ones close the loops of 6, 8 and 9.",
    ):
        choose_brush()


def choose_brush() -> int:
    """Return the width of a stroke in pixels of the paper, the same on every page."""
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
    """Empty the canvas at the next rerun; its component knows no other way than a new key."""
    st.session_state[f"{key}_generation"] = st.session_state.get(f"{key}_generation", 0) + 1
    st.session_state.pop(f"{key}_start", None)
    st.session_state.pop(_kept(key), None)


def undo_stroke(key: str) -> None:
    """Take the last stroke back at the next rerun."""
    reported = _reported(key)
    # What the canvas has reported by now, which the page may not have drawn yet; else what it began with.
    drawing = reported["raw"] if reported else st.session_state[f"{key}_start"]
    _start_with(key, drawing["objects"][:-1])


def _reported(key: str) -> dict[str, Any] | None:
    """Return what the canvas sent last: its strokes as "raw", its picture as "data"."""
    result = st.session_state.get(f"{key}_{st.session_state[f'{key}_generation']}")
    return result.get("drawing") if result else None


def put_on_canvas(key: str, strokes: tuple[dict[str, Any], ...]) -> None:
    """Show these strokes at the next rerun, on a canvas that is new: to go on drawing where one had stopped."""
    clear_canvas(key)
    _start_with(key, list(strokes))


def put_picture(key: str, picture: Image.Image) -> None:
    """Put a picture of the canvas's size on the paper at the next rerun, as one stroke; it replaces what is there."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    source = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    corner = {"left": 0, "top": 0, "originX": "left", "originY": "top"}
    strokes = ({"type": "Image", "src": source, "width": picture.width, "height": picture.height, **corner},)
    put_on_canvas(key, strokes)
    st.session_state[_kept(key)] = Drawing(picture, strokes)


def is_on_page(key: str) -> bool:
    """Return True if the canvas was on the page when it was last drawn: a new one has forgotten its strokes."""
    return f"{key}_{st.session_state.get(f'{key}_generation', 0)}" in st.session_state


def _start_with(key: str, strokes: list[dict[str, Any]]) -> None:
    # The turn makes this another drawing than the one before: the canvas loads no equal one twice.
    turn = (st.session_state.get(f"{key}_start") or {}).get("turn", 0) + 1
    st.session_state[f"{key}_start"] = {"objects": strokes, "turn": turn}


def _kept(key: str) -> str:
    """Return the session's key of what is on a canvas; a component's own value goes when its page is left."""
    return f"{key}_kept"
