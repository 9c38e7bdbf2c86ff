"""Save a reading to Handwriting, with the label that a person gives."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from PIL import Image

from digits_core.dashboard.handwriting.shared import (
    DIGITS,
    LABEL_HELP,
    as_drawing,
    choose_writer,
    current_writer,
    done,
    undo_button,
)
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.recognise.recognition_result import Ink, Reading
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import NewSample

_HELP = (
    "Keeps it on the Handwriting page, with the label that you say is right and not with what the network said: a "
    "network learns most from what it gets wrong. One sample in five is kept for testing, and never trained on."
)


def samples(ink: Ink, labels: str, writer: str) -> list[NewSample]:
    """Return the sample to store for each digit; `labels` has one character per digit."""
    from digits_core.recognition.sample import kept_paper, sample_of

    pictures = [ink.picture] if len(ink.digits) == 1 else [Image.fromarray(255 - each) for each in ink.digits]
    return [
        NewSample(sample_of(each), int(label), writer, ink.kind, as_drawing(picture), paper=kept_paper(each))
        for each, label, picture in zip(ink.digits, labels, pictures, strict=True)
    ]


def offer_to_save(reading: Reading, key: str) -> None:
    """Draw the controls for the correct label and the writer, the save button, and the undo of the last save."""
    count = len(reading.answers)
    if count == 1:
        _row(lambda: _ask_for_digit(key), lambda: reading, key)
    else:
        _row(lambda: _ask_for_number(key, count), lambda: reading, key)


def offer_to_save_later(reading: Callable[[], Reading | None], number: bool, key: str) -> None:
    """Draw the same controls for the reading at the time of the click, so that strokes do not wait for them."""
    _row(lambda: _ask_for_number(key) if number else _ask_for_digit(key), reading, key)


def _row(ask: Callable[[], str], reading: Callable[[], Reading | None], key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="content"):
            labels = ask()
        with st.container(width=200):
            choose_writer()
        change_button(
            f"Save as {labels}" if labels else "Save",
            icon=":material/save:",
            key=f"{key}_save",
            on_click=_save,
            args=(reading, key),
            disabled=not labels,
            help=_HELP if labels else f"Choose the correct label first. {_HELP}",
        )
    if refused := st.session_state.pop(_refused_key(key), None):
        st.warning(refused, icon=":material/draw:")
    undo_button()


def _ask_for_digit(key: str) -> str:
    label = st.segmented_control("It is a", DIGITS, key=_label_key(key), wrap=True, help=LABEL_HELP)
    return "" if label is None else str(label)


def _ask_for_number(key: str, count: int | None = None) -> str:
    """Return the number as typed; "" while it is not made of digits, or not of `count` digits."""
    text = st.text_input(
        "It is the number", key=_label_key(key), width=200, help=f"{LABEL_HELP} A label for each digit."
    )
    text = text.strip()
    if text and not _is_number(text):
        st.caption(":orange[Only the digits 0 to 9.]")
        return ""
    if text and count not in (None, len(text)):
        st.caption(f":orange[{count} digits were found.]")
        return ""
    return text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _save(reading: Callable[[], Reading | None], key: str) -> None:
    now, chosen = reading(), st.session_state.get(_label_key(key))
    labels = "" if chosen is None else str(chosen).strip()
    if not _is_number(labels):
        return  # the page says what is missing
    if now is None:
        st.session_state[_refused_key(key)] = "There is nothing on the paper yet: draw first."
    elif len(labels) != len(now.answers):
        st.session_state[_refused_key(key)] = (
            f"{len(now.answers)} digits were found, and {labels} has {len(labels)}. Write them further apart, or "
            "correct the number."
        )
    else:
        done(state().handwriting.add_all(samples(now.ink, labels, current_writer())))
        # Reset the label: the next digit is likely another one.
        st.session_state[_label_key(key)] = None if len(now.answers) == 1 else ""


def _label_key(key: str) -> str:
    return f"{key}_label"


def _refused_key(key: str) -> str:
    return f"{key}_refused"
