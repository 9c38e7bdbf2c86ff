"""Handwriting: collect your own digits, to train on and to test on."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.canvas import beside_canvas, clear_canvas, draw_digit
from digits_core.dashboard.pages import next_step
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_chart, show_error
from digits_core.data.handwriting import WRITER_LENGTH
from digits_core.errors import DigitsError
from digits_core.figures.images import pixels, sample_grid

COLUMNS = 10


def suggested_digit() -> int:
    """The digit that there are fewest samples of, the lowest first."""
    counts = np.bincount([sample.label for sample in state().handwriting.samples()], minlength=10)
    return int(counts.argmin())


def save(image: np.ndarray, drawing: Image.Image, label: int, writer: str) -> None:
    original = io.BytesIO()
    drawing.save(original, "PNG")
    sample = state().handwriting.add(image, label, writer, "canvas", original.getvalue())
    st.session_state["last_sample"] = sample
    clear_canvas("handwriting_canvas")


def undo() -> None:
    state().handwriting.delete(st.session_state.pop("last_sample"))


@st.fragment
def draw() -> None:
    paper, controls = beside_canvas()
    with paper:
        drawing = draw_digit("handwriting_canvas")
        st.button("Clear", icon=":material/ink_eraser:", on_click=clear_canvas, args=("handwriting_canvas",))
    with controls:
        st.session_state.setdefault("label", suggested_digit())
        label = st.segmented_control(
            "Label", list(range(10)), key="label", required=True, wrap=True,
            help="What the drawing is meant to be: the answer that training learns from. The suggestion keeps the ten "
            "digits balanced.",
        )  # fmt: skip
        writer = st.text_input(
            "Writer", "me", max_chars=WRITER_LENGTH, key="writer", persist_state="session",
            help="Whose hand it is. Networks that know one hand may fail on another.",
        )  # fmt: skip
        if drawing is None:
            st.info(f"Draw a **{label}** on the paper with mouse, pen or finger.")
        else:
            preview(drawing, label, writer)
        if "last_sample" in st.session_state and st.button("Undo last save", icon=":material/undo:"):
            undo()
            st.rerun()


def preview(drawing: Image.Image, label: int, writer: str) -> None:
    """What will be stored, and the button that does it."""
    from digits_core.recognition.sample import to_sample  # loads torch, which the rest of the page need not wait for

    try:
        image = to_sample(drawing)
    except DigitsError as error:
        show_error(error)
        return
    show_chart(pixels(image, "What will be stored: 28 × 28", height=200), "stored", "The drawing at 28 by 28 pixels")
    if st.button(f"Save as {label}", type="primary", icon=":material/save:", shortcut="Enter"):
        save(image, drawing, label, writer)
        st.session_state.pop("label")
        st.rerun()


def collection() -> None:
    samples = state().handwriting.samples()
    st.subheader("Your digits")
    if not samples:
        st.info("Nothing saved yet. Ten of each digit are a good start: they become the dataset “Handwriting”.")
        return
    test = sum(sample.test for sample in samples)
    st.caption(f"{len(samples)} saved, newest first · {len(samples) - test} for training, {test} for testing")
    shown = samples[: COLUMNS * 6]
    labels = np.array([sample.label for sample in shown])
    numbers = np.array([sample.id for sample in shown])
    images = np.stack([sample.image for sample in shown])
    show_chart(
        sample_grid(images, labels, numbers, COLUMNS, "Saved digits"), "own", "The saved digits with their labels"
    )


st.title("Handwriting")
st.write("Collect your own digits, to train on and to find out how well a network reads your hand.")
state().load_torch()
draw()
collection()
next_step("handwriting")
