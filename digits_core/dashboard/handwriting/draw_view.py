"""Draw digits one by one, with mouse, pen or finger."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.browser.canvas import BRUSH_WIDTH
from digits_core.dashboard.browser_models import browser_models
from digits_core.dashboard.canvas import (
    clear_canvas,
    draw_digit,
    drawing_place,
    offer_brush,
    picture_by_now,
    undo_stroke,
)
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    as_drawing,
    choose_writer,
    current_writer,
    done,
    undo_button,
)
from digits_core.dashboard.key_log import Actions, catch_up, listen
from digits_core.dashboard.loaders import load_recogniser, load_threshold
from digits_core.dashboard.read_only import change_button, guarded
from digits_core.dashboard.recognise.live_answer import show_live_answer
from digits_core.dashboard.recognise.recognition_result import Ink, Reading, read
from digits_core.dashboard.sample_on_paper import offer_sample
from digits_core.dashboard.set_controls import control_key, reset_control, said_by, set_control
from digits_core.dashboard.state import state
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import show_error
from digits_core.data.handwriting_store import NewSample
from digits_core.errors import DigitsError
from digits_core.figures.handwriting_figures import digit_counts
from digits_core.runs.preferred import best_of
from digits_core.runs.store import Run

CANVAS = "handwriting_canvas"
KEYS = "handwriting_keys"
LABEL = "label"
LAST_SHOWN = 10


@st.fragment
def show() -> None:
    paper, place, tools = drawing_place()
    with place:
        # The label goes above the canvas, but the suggested label depends on the writer.
        with st.container(horizontal=True, vertical_alignment="bottom", key="label_and_writer"):
            choice = st.container(width="content")
            with st.container(width=200):
                writer = choose_writer()
        with choice:
            label = _choose_label(writer)
    with paper:
        st.caption("Paper")  # below the canvas's own tools, which appear under the mouse pointer
        drawing = draw_digit(CANVAS, st.session_state.get("brush", BRUSH_WIDTH))
    with tools:
        _offer_tools(drawing)
    with place:
        _preview(drawing, label, writer)
        _so_far(writer)
    listen(KEYS, _keys())


def _offer_tools(drawing: Image.Image | None) -> None:
    st.button(
        "Undo stroke",
        icon=":material/undo:",
        on_click=undo_stroke,
        args=(CANVAS,),
        disabled=drawing is None,
        help="Takes the last stroke off the paper (Z).",
    )
    st.button("Clear", icon=":material/ink_eraser:", on_click=clear_canvas, args=(CANVAS,), help="An empty paper.")
    offer_brush()
    offer_sample(CANVAS)
    with st.container(key="keys_of_the_page"):
        st.caption("**Keys**: 0–9 label · Enter save · Z undo")


def _choose_label(writer: str) -> int:
    """Draw the choice of the label; it starts at the digit with the fewest samples of this writer, the lowest first."""
    if control_key(LABEL) not in st.session_state:
        set_control(LABEL, int(state().handwriting.counts(writer).argmin()))
    with st.container(key=LABEL):
        label = st.segmented_control(
            "Label",
            DIGITS,
            key=control_key(LABEL),
            required=True,
            wrap=True,
            help=f"{LABEL_HELP} The suggestion keeps the ten digits balanced; the keys 0 to 9 choose another.",
        )
    assert label is not None
    return label


def _keys() -> Actions:
    """Return the action of each key: 0 to 9 choose the label, Z undoes a stroke, Enter saves."""
    labels = {str(digit): partial(set_control, LABEL, digit) for digit in DIGITS}
    return labels | {"Z": _undo, "Enter": guarded(_save)}


def _undo() -> None:
    if picture_by_now(CANVAS) is not None:
        undo_stroke(CANVAS)


def _save_with_the_keys_before() -> None:
    catch_up(KEYS, _keys())
    _save()


def _preview(drawing: Image.Image | None, label: int, writer: str) -> None:
    """Draw what will be stored, the prediction of the best network, and the button that saves it."""
    ink = None if drawing is None else _ink_of(drawing)
    usable = state().runs.usable()
    best = best_of(usable)
    runs = [best] if best else []
    with st.container():  # a container that stays, so that nothing below it is recreated
        models = browser_models([run.id for run in runs])
    show_live_answer(
        runs,
        models,
        _readings(drawing, ink, runs),
        "stored",
        hint=f"Draw a {label} on the paper with mouse, pen or finger, as large as you write elsewhere.",
        layers=False,
        stored=None if ink is None else _paper_of(ink),
        picture="stored",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        change_button(
            f"Save as {label}",
            type="primary",
            icon=":material/save:",
            key="save_drawn",
            on_click=_save_with_the_keys_before,
            disabled=ink is None,
            help="Keeps what is shown here (Enter), and the drawing with it: the ink where you wrote it, 112 × 112 "
            "pixels. A run takes it through its own transform, in training and recognition alike.",
        )
        undo_button()
        if not state().handwriting.counts(writer).any():
            st.caption("Nothing saved by this writer yet. Ten of each digit are a good start.")


def _ink_of(drawing: Image.Image) -> np.ndarray | None:
    from digits_core.recognition.sample import drawn  # loads torch, which the page need not wait for

    try:
        return drawn(drawing)
    except DigitsError as error:
        show_error(error)
        return None


def _paper_of(ink: np.ndarray) -> np.ndarray:
    from digits_core.recognition.sample import paper_of

    return paper_of(ink)


def _readings(drawing: Image.Image | None, ink: np.ndarray | None, runs: list[Run]) -> list[Reading]:
    if drawing is None or ink is None:
        return []
    written = Ink(drawing, (ink,), "canvas")
    return [read(written, load_recogniser(run.id), run.title, load_threshold(run.id).refusal) for run in runs]


def _save() -> None:
    """Save what the canvas last reported, with the current label and writer."""
    from digits_core.recognition.sample import drawn, kept_paper, sample_of

    drawing = picture_by_now(CANVAS)
    if drawing is None or control_key(LABEL) not in st.session_state:
        return
    try:
        ink = drawn(drawing)
    except DigitsError:
        return  # the page says why
    label, writer = said_by(LABEL), current_writer()
    sample = NewSample(sample_of(ink), label, writer, "canvas", as_drawing(drawing), paper=kept_paper(ink))
    done(state().handwriting.add_all([sample]))
    clear_canvas(CANVAS)
    reset_control(LABEL)  # the next one is suggested


def _so_far(writer: str) -> None:
    """Draw how balanced this writer's digits are, and the last ones."""
    samples = [sample for sample in state().handwriting.samples() if sample.writer == writer]
    counts = np.bincount([sample.label for sample in samples], minlength=10)
    with st.container(horizontal=True):
        with st.container(width="stretch"):
            show_chart(digit_counts(counts, writer), "so_far", f"{len(samples)} digits saved by this writer, by digit")
        if not samples:
            return
        with st.container(width=230):
            st.caption("The last ones, newest first")
            last = samples[:LAST_SHOWN]
            tiles = [Tile(each.label, each.id, name=f"A {each.label}") for each in last]
            show_tiles(
                np.stack([each.image for each in last]), tiles, "last", words="The last ones", columns=5, size=40
            )
