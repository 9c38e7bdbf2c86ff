"""The canvas to draw one digit on, and its picture."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit_drawable_canvas import st_canvas

CANVAS_SIDE = 280
"""Pixels: ten for each of the 28 that the network sees."""
BRUSH_WIDTH = 20
"""A thinner brush vanishes when the drawing is brought down to 28×28."""


def draw_digit(key: str) -> Image.Image | None:
    """A square of paper to draw on; the drawing so far, or `None` while it is empty.

    Call it inside a fragment: each stroke reruns what is around it. `clear_canvas(key)` empties it.
    """
    generation = st.session_state.setdefault(f"{key}_generation", 0)
    result = st_canvas(
        stroke_width=BRUSH_WIDTH,
        stroke_color="#000000",
        background_color="#ffffff",
        height=CANVAS_SIDE,
        width=CANVAS_SIDE,
        drawing_mode="freedraw",
        return_image_data=True,
        key=f"{key}_{generation}",
    )
    if result.image_data is None or not (result.json_data or {}).get("objects"):
        return None
    return Image.fromarray(np.asarray(result.image_data, dtype=np.uint8)).convert("L")


def beside_canvas() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Room as wide as the canvas, and the rest of the row beside it; on a narrow screen one below the other."""
    row = st.container(horizontal=True, gap="large")
    return row.container(width=CANVAS_SIDE + 4), row.container(width="stretch")


def clear_canvas(key: str) -> None:
    """Empty the canvas at the next rerun; its component knows no other way than a new key."""
    st.session_state[f"{key}_generation"] = st.session_state.get(f"{key}_generation", 0) + 1
