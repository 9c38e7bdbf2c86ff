"""What the input methods share: the writer, the last action and its undo, pictures in tables."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.hiding import group
from digits_core.dashboard.pages import current_page
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import NOBODY_NAMED, Change, tidy_writer, writer_problem

DIGITS = list(range(10))
LABEL_HELP = "What the digit is meant to be: the answer that training learns from. One wrong label teaches a mistake."
WRITER_HELP = (
    "Whose hand it is: choose a name or type a new one. A network that knows one hand may fail on another. Try it on "
    "the Training page: train on some writers, test on another."
)
DRAWING_SIDE = 400
ROW_HEIGHT = 44
_HEADER_HEIGHT = 37
"""Of a table, with its frame, in pixels."""
_DONE, _WRITER = "handwriting_done", "handwriting_writer"


def table_height(rows: int) -> int:
    """Return the height, in pixels, of a table that shows this many rows of pictures in full."""
    return _HEADER_HEIGHT + rows * ROW_HEIGHT


@group("writer")
def choose_writer() -> str:
    """Draw the choice of the writer and return their name, the same in every input method.

    A name that is too long stays in its field with an error message, and is not used.
    """
    known = [name for name, _ in state().handwriting.writers()]
    current = st.session_state.get("writer")
    names = list(dict.fromkeys([*([current] if current else []), *known, NOBODY_NAMED]))
    chosen = st.selectbox(
        "Writer", names, key="writer", persist_state="session", accept_new_options=True, help=WRITER_HELP
    )
    if problem := writer_problem(chosen or ""):
        st.caption(f":red[{problem}] Until it is shorter, what you save is {as_plain_text(current_writer())}'s.")
    return current_writer()


def current_writer() -> str:
    """Return the current writer, also in a callback: the chosen one, or the previous one if that name is too long."""
    chosen = st.session_state.get("writer", st.session_state.get(_WRITER)) or ""
    if not writer_problem(chosen):
        st.session_state[_WRITER] = tidy_writer(chosen)
    return st.session_state.get(_WRITER, NOBODY_NAMED)


def done(change: Change, **session: Any) -> None:
    """Remember an action, so that `undo_button` can undo it; `session` is what the undo then puts into the session."""
    st.session_state[_DONE] = (change, session, current_page())


def undo_button() -> None:
    """Show the last action on this page, and the button that undoes all of it; nothing if there is none."""
    change, _, page = st.session_state.get(_DONE, (None, {}, ""))
    if change is None or page != current_page():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="last_action"):
        st.markdown(f":material/check_circle: {as_plain_text(change.words)}", width="content")
        change_button(
            "Undo",
            icon=":material/undo:",
            on_click=_undo,
            key="undo",
            help="Takes the whole last action back, however many digits it changed. The one before it stays.",
        )


def _undo() -> None:
    change, session, _ = st.session_state.pop(_DONE)
    state().handwriting.undo(change)
    st.session_state.update(session)


def as_drawing(picture: Image.Image) -> bytes:
    """Encode the picture as PNG, its longest side at most `DRAWING_SIDE`: stored as the origin of a sample."""
    small = picture.copy()
    small.thumbnail((DRAWING_SIDE, DRAWING_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()


def as_address(image: np.ndarray | None) -> str | None:
    """Encode an image uint8 (28, 28) as a data URL for a table's image column; `None` stays `None`."""
    return None if image is None else _address(image.tobytes(), image.shape)


@lru_cache(maxsize=4096)
def _address(pixels: bytes, shape: tuple[int, int]) -> str:
    # Enlarged here without smoothing, as browsers would smooth it.
    image = Image.frombytes("L", shape[::-1], pixels).resize((shape[1] * 2, shape[0] * 2), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
