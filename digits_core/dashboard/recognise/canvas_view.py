"""Draw, and see the prediction while the pen moves. Strokes wait for nothing else on the page."""

from __future__ import annotations

from functools import partial

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from digits_core.browser.canvas import BRUSH_WIDTH, CANVAS_SIDE
from digits_core.dashboard.browser_models import BrowserModel, browser_models
from digits_core.dashboard.canvas import (
    WIDE,
    Drawing,
    clear_canvas,
    draw_on,
    drawing_place,
    is_on_page,
    offer_brush,
    put_on_canvas,
    undo_stroke,
    wide_room,
)
from digits_core.dashboard.hiding import group, is_hidden
from digits_core.dashboard.loaders import load_recogniser, load_threshold
from digits_core.dashboard.recognise import before_after_view, reading_history, why
from digits_core.dashboard.recognise.answer_display import say_verdict, show_digits, show_number
from digits_core.dashboard.recognise.live_answer import show_live_answer
from digits_core.dashboard.recognise.preparation import ask_for_steps, show_steps
from digits_core.dashboard.recognise.recognition_result import Reading, digit_on, number_on, read
from digits_core.dashboard.recognise.save_reading import offer_to_save_later
from digits_core.dashboard.sample_on_paper import offer_sample
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.runs.store import Run

ONE, NUMBER = "One digit", "A number"
HINT = "Draw a digit from 0 to 9 on the paper with mouse, pen or finger: it is read while you draw."
HINT_OF_OTHERS = "Draw a digit from 0 to 9 on the paper with mouse, pen or finger: it is read after each stroke."
"""For a foreign network, which the browser cannot run."""
CANVASES = {ONE: "recognise_canvas", NUMBER: "recognise_number"}
VERDICT_HEIGHT = 84
NUMBER_HEIGHT = 330
"""Reserved, so that nothing below jumps when the first answer arrives."""


@group("paper")
def choose_paper() -> str:
    """Choose whether one digit or a number is drawn."""
    return st.segmented_control(
        "You draw",
        [ONE, NUMBER],
        default=ONE,
        required=True,
        key="paper",
        bind="query-params",
        persist_state="session",
        help="**One digit**: all that is on the paper. **A number**: digits side by side, each found and read.",
    )


def show(run: Run, what: str) -> None:
    load_threshold(run.id)  # loads the network now, so that the first stroke does not wait for it
    if what == NUMBER:
        _draw_number(run)
    else:
        _draw_digit(run, browser_models([run.id]))
    if not is_hidden("save"):
        _save(what)
    if not run.is_logged and not is_hidden("again"):
        before_after_view.show(run)
    why.show(run, partial(reading_history.current, CANVASES[what]), CANVASES[what])


@st.fragment
def _draw_digit(run: Run, models: list[BrowserModel]) -> None:
    paper, place, tools = drawing_place()
    picture = paper_to_draw_on(CANVASES[ONE], "draw", paper, tools)
    with tools:
        steps = ask_for_steps("drawing")
    with place:
        reading, threshold = _read(picture, ONE, run)
        hint = HINT_OF_OTHERS if run.is_logged else HINT
        show_live_answer([run], models, [reading] if reading else [], "answer", hint=hint, layers=not run.is_logged)
        with st.container(height=VERDICT_HEIGHT, border=False, key="verdict"):
            if reading:
                say_verdict(threshold, reading.answers, sorted(reading.refused), run.id)
    if steps:
        show_steps(reading, run.config.transform, "drawing")


@st.fragment
def _draw_number(run: Run) -> None:
    paper, answer, tools = drawing_place(WIDE)
    picture = paper_to_draw_on(CANVASES[NUMBER], "draw", paper, tools, WIDE)
    with tools:
        steps = ask_for_steps("drawing")
    with answer, st.container(height=NUMBER_HEIGHT, border=False):
        reading, threshold = _read(picture, NUMBER, run)
        if reading:
            least = reading.answers[reading.least_sure]
            least_sure = f"least sure of the {least.digit}: {least.probability:.1%}"
            show_number(reading, reading.text, least_sure, threshold, run.id)
            show_digits(reading, "answer")
        elif picture is None:
            st.info(
                "Draw several digits side by side, with a little paper between them: after each stroke they are "
                "found and read as a number."
            )
    if steps:
        show_steps(reading, run.config.transform, "drawing")


@st.fragment
def _save(what: str) -> None:
    number = what == NUMBER
    reading = partial(reading_history.current, CANVASES[what])
    offer_to_save_later(reading, number, f"drawing_{'number' if number else 'digit'}")


def paper_to_draw_on(
    key: str, view: str, paper: DeltaGenerator, tools: DeltaGenerator, width: int = CANVAS_SIDE
) -> Image.Image | None:
    """Draw the canvas in `paper` and its tools; return its picture, which all views with this key share."""
    kept = f"{key}_kept"
    before: Drawing | None = st.session_state.get(kept)
    # In another view the browser creates a new canvas without the strokes.
    if before and (not is_on_page(key) or st.session_state[f"{key}_view"] != view):
        put_on_canvas(key, before.strokes)
    st.session_state[f"{key}_view"] = view
    with paper:
        st.caption("Paper")  # below the canvas's own tools, which appear at the mouse
        with wide_room() if width == WIDE else st.container():
            drawing = draw_on(key, st.session_state.get("brush", BRUSH_WIDTH), width, before)
    st.session_state[kept] = drawing
    with tools:
        st.button(
            "Undo",
            icon=":material/undo:",
            on_click=undo_stroke,
            args=(key,),
            disabled=drawing is None,
            shortcut="Z",
            key=f"undo_{key}",
            help="Takes the last stroke off the paper.",
        )
        st.button(
            "Clear",
            icon=":material/ink_eraser:",
            on_click=_clear,
            args=(key, kept),
            key=f"clear_{key}",
            help="An empty paper. What was on it goes into the history.",
        )
        offer_brush()
        if width == CANVAS_SIDE:
            offer_sample(key)
    return drawing.picture if drawing else None


def _clear(key: str, kept: str) -> None:
    reading_history.keep_current(key)
    st.session_state.pop(kept, None)
    clear_canvas(key)


def _read(picture: Image.Image | None, what: str, run: Run) -> tuple[Reading | None, Threshold]:
    """Return the reading, noted as current, and the threshold used; show an error if there is no reading."""
    reading, threshold = None, Threshold()
    if picture is not None:
        try:
            threshold = load_threshold(run.id)
            ink = number_on(picture) if what == NUMBER else digit_on(picture)
            reading = read(ink, load_recogniser(run.id), run.title, threshold.refusal)
        except DigitsError as error:
            show_error(error)
    reading_history.note(CANVASES[what], reading)
    return reading, threshold
