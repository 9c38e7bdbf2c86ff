"""The image that the page follows: one of a dataset, or the user's own drawing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from digits_core.dashboard.canvas import beside_canvas, clear_canvas, draw_digit
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_dataset, choose_split, say_not_here, show_error
from digits_core.data.digits import Digits, Split
from digits_core.errors import PictureError

CANVAS = "transform_canvas"


class Source(NamedTuple):
    """An image, uint8 (H, W), its description, and the dataset and split that it belongs to."""

    image: np.ndarray
    words: str
    digits: Digits
    split: Split


def choose_source() -> Source | None:
    """Draw the controls and return the image; if there is none yet, say what to do and return `None`."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="choices_image"):
        kind = st.segmented_control(
            "Image",
            ["Dataset", "Drawing"],
            default="Dataset",
            required=True,
            key="source",
            bind="query-params",
            persist_state="session",
            help="Follow an image of the dataset, saved handwriting among them, or a digit that you draw now.",
        )
        name = choose_dataset()
        if here := state().catalogue.available(name):
            digits = load_digits(name)
            split = choose_split()
            number = _number(digits, split) if kind == "Dataset" else None
    if not here:
        say_not_here(name)
        return None
    if kind == "Drawing":
        return _drawn(digits, split)
    if number is None:
        st.info("This split has no images yet.")
        return None
    index = digits.indices(split)[number - 1]
    return Source(digits.images[index], f"a {digits.labels[index]} of the {split} split", digits, split)


def _number(digits: Digits, split: Split) -> int | None:
    """Draw the choice of an image of the split, from 1; return its number, `None` if the split is empty."""
    count = len(digits.indices(split))
    if not count:
        return None
    # Another dataset may have fewer images.
    if "image" in st.session_state:
        st.session_state["image"] = min(count, st.session_state["image"])
    return st.number_input(
        "Number",
        1,
        count,
        key="image",
        bind="query-params",
        persist_state="session",
        width=150,
        help=f"1 to {count:,} in this split.",
    )


def _drawn(digits: Digits, split: Split) -> Source | None:
    paper, words = beside_canvas()
    with paper:
        drawing = draw_digit(CANVAS)
        st.button("Clear", icon=":material/ink_eraser:", on_click=clear_canvas, args=(CANVAS,))
    with words:
        if drawing is None:
            st.info("Draw a digit on the paper with mouse, pen or finger: its way to the network is shown below.")
            return None
        st.write("Your drawing at 112 × 112 pixels, ink bright on dark, as it would be kept as handwriting.")
        from digits_core.recognition.sample import drawn, paper_of  # loads torch, which drawing need not wait for

        try:
            return Source(paper_of(drawn(drawing)), "your drawing", digits, split)
        except PictureError as error:
            show_error(error)
            return None
