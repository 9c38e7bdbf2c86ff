"""Put a stored sample on the paper as if it had been drawn: the way to draw with the keyboard only."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.browser.canvas import CANVAS_SIDE
from digits_core.dashboard.canvas import put_picture
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError

DATASET, DIGIT = "sample_dataset", "sample_digit"


def offer_sample(key: str) -> None:
    """Draw a popover to choose a sample for the paper of this key. Call it inside the fragment of the paper."""
    choice = st.popover(
        "Sample",
        icon=":material/image_search:",
        key=f"{key}_sample",
        on_change="rerun",
        help="Puts a stored sample on the paper instead of drawing: works with the keyboard alone.",
    )
    if choice.open:
        with choice:
            _choose(key)


def as_drawn(image: np.ndarray) -> Image.Image:
    """Return bright ink, uint8 (H, W), as dark ink on white paper of the canvas's size."""
    return Image.fromarray(255 - image).resize((CANVAS_SIDE, CANVAS_SIDE), Image.Resampling.BICUBIC)


def _choose(key: str) -> None:
    titles = {each.name: each.title for each in state().catalogue.entries() if state().catalogue.available(each.name)}
    name = st.selectbox(
        "Dataset",
        list(titles),
        format_func=titles.__getitem__,
        key=DATASET,
        help="Where the sample comes from.",
    )
    digit = st.segmented_control(
        "Digit", list(range(10)), default=0, required=True, wrap=True, key=DIGIT, help="What the sample shows."
    )
    try:
        places = np.flatnonzero(load_digits(name).labels == digit)
    except DigitsError as error:
        show_error(error)
        return
    st.number_input(
        "Number",
        1,
        max(1, len(places)),
        key=_number_key(name, digit),
        help=f"Which of the {len(places):,} samples of this digit.",
    )
    st.button(
        "Put on the paper",
        icon=":material/draw:",
        key=f"{key}_put",
        on_click=_put,
        args=(key,),
        disabled=not len(places),
        help="Replaces what is on the paper.",
    )


def _number_key(name: str, digit: int) -> str:
    return f"sample_number_{name}_{digit}"


def _put(key: str) -> None:
    """Put the chosen sample on the paper; the first one, if its digit has only just been chosen."""
    name, digit = st.session_state[DATASET], st.session_state[DIGIT]
    digits = load_digits(name)
    places = np.flatnonzero(digits.labels == digit)
    if len(places):
        place = places[st.session_state.get(_number_key(name, digit), 1) - 1]
        put_picture(key, as_drawn(digits.images[place]))
