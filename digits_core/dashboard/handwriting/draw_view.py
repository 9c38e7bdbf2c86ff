"""Draw digits one by one, with mouse, pen or finger."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.canvas import beside_canvas, choose_brush, clear_canvas, draw_digit, undo_stroke
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    as_drawing,
    choose_writer,
    done,
    undo_button,
)
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import show_error
from digits_core.data.handwriting_store import NewSample
from digits_core.errors import DigitsError
from digits_core.figures.handwriting_figures import digit_counts
from digits_core.figures.images import pixels

CANVAS = "handwriting_canvas"
PREVIEW_SIDE = 150
LAST_SHOWN = 10


@st.fragment
def show() -> None:
    paper, controls = beside_canvas()
    with controls:
        # Label and Save next to the paper, also where that is above them; but who writes decides the suggestion.
        choice, result = st.container(), st.container()
        writer, brush = _choose_hand()
        with choice:
            label = _choose_label(writer)
    with paper:
        st.caption("Paper")  # below the canvas's own tools, which come up where the mouse is
        drawing = draw_digit(CANVAS, brush)
        with st.container(horizontal=True):
            st.button(
                "Undo stroke",
                icon=":material/undo:",
                on_click=undo_stroke,
                args=(CANVAS,),
                shortcut="Z",
                disabled=drawing is None,
                help="Takes the last stroke off the paper.",
            )
            st.button(
                "Clear", icon=":material/ink_eraser:", on_click=clear_canvas, args=(CANVAS,), help="An empty paper."
            )
    with result:
        # Room for what appears, so that nothing below jumps.
        with st.container(height=PREVIEW_SIDE + 12, border=False):
            _preview(drawing, label, writer)
        with st.container(height=44, border=False):
            undo_button()
    _so_far(writer)
    _label_keys()


def _choose_hand() -> tuple[str, int]:
    """The writer, and the width of the brush in pixels."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            writer = choose_writer()
        with st.container(width=200):
            brush = choose_brush()
    return writer, brush


def _choose_label(writer: str) -> int:
    """The label; at first the digit that this writer has given fewest samples of, the lowest first."""
    if "label" not in st.session_state:
        st.session_state["label"] = int(state().handwriting.counts(writer).argmin())
    label = st.segmented_control(
        "Label",
        DIGITS,
        key="label",
        required=True,
        wrap=True,
        help=f"{LABEL_HELP} The suggestion keeps the ten digits balanced; the keys 0 to 9 choose another.",
    )
    return label


def _label_keys() -> None:
    """The keys 0 to 9 choose the label. Only buttons listen to keys: these are there to listen, not to be seen."""
    with st.container(key="label_keys"):
        for digit in DIGITS:
            st.button(
                f"Label {digit}", shortcut=str(digit), key=f"label_key_{digit}", on_click=_take_label, args=(digit,)
            )


def _take_label(digit: int) -> None:
    st.session_state["label"] = digit


def _preview(drawing: Image.Image | None, label: int, writer: str) -> None:
    """What will be stored, and the button that does it."""
    if drawing is None:
        st.info(f"Draw a **{label}** on the paper with mouse, pen or finger, as large as you write elsewhere.")
        return
    from digits_core.recognition.sample import drawn, paper_of  # loads torch, which the page need not wait for

    try:
        ink = drawn(drawing)
    except DigitsError as error:
        show_error(error)
        return
    with st.container(horizontal=True):
        with st.container(width=PREVIEW_SIDE):
            chart = pixels(paper_of(ink), "", height=PREVIEW_SIDE)
            show_chart(chart, "stored", f"The drawing as it is kept, a {label}")
        with st.container(width="stretch"):
            st.button(
                f"Save as {label}",
                type="primary",
                icon=":material/save:",
                shortcut="Enter",
                on_click=_save,
                args=(ink, drawing, label, writer),
                help="Keeps what is shown here, and the drawing with it.",
            )
            st.caption(
                "What will be stored: the ink where you wrote it, 112 × 112 pixels. A run takes it through its own "
                "transform, in training and recognition alike."
            )


def _save(ink: np.ndarray, drawing: Image.Image, label: int, writer: str) -> None:
    from digits_core.recognition.sample import kept_paper, sample_of

    sample = NewSample(sample_of(ink), label, writer, "canvas", as_drawing(drawing), paper=kept_paper(ink))
    done(state().handwriting.add_all([sample]))
    clear_canvas(CANVAS)
    del st.session_state["label"]  # the next one is suggested


def _so_far(writer: str) -> None:
    """How balanced this writer's digits are, and the last ones."""
    samples = [sample for sample in state().handwriting.samples() if sample.writer == writer]
    if not samples:
        st.caption("Nothing saved by this writer yet. Ten of each digit are a good start.")
        return
    left, right = st.columns(2)
    counts = np.bincount([sample.label for sample in samples], minlength=10)
    with left:
        show_chart(digit_counts(counts, writer), "so_far", f"{len(samples)} digits saved by this writer, by digit")
    last = samples[:LAST_SHOWN]
    with right:
        st.markdown("**The last ones, newest first**")
        tiles = [Tile(each.label, each.id, name=f"A {each.label}") for each in last]
        show_tiles(np.stack([each.image for each in last]), tiles, "last", words="The last ones", size=56)
