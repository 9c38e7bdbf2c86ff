"""The uploaded pictures as a grid of thumbnails with their readings, and the button that saves all digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from digits_core.dashboard.handwriting.shared import undo_button
from digits_core.dashboard.hiding import group
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.recognise.recognition_result import THUMBNAIL
from digits_core.dashboard.recognise.save_all import SAVE_HELP, is_saved, to_save
from digits_core.dashboard.recognise.tray import Glance
from digits_core.dashboard.recognise.uploads import Upload
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.handwriting_store import counted_digits

TILE = 72
LONGEST_TEXT = 12
"""Characters of a reading below a thumbnail; the inspector shows longer ones in full."""
DOUBTFUL = "recognise_doubtful"


@group("save")
def show_head(pictures: Sequence[tuple[Upload, Glance | None]], save: Callable[[], None]) -> None:
    """Draw the progress while pictures are read; then their number, and the button that saves all digits."""
    glances = [glance for _, glance in pictures if glance]
    waiting = len(pictures) - len(glances)
    with st.container(horizontal=True, vertical_alignment="center", key="recognise_head"):
        if waiting:
            st.progress(len(glances) / len(pictures), f"Read {len(glances)} of {len(pictures)} pictures …")
            return
        unread = sum(bool(each.problem) for each in glances)
        words = f"{len(pictures)} pictures, newest first" if len(pictures) > 1 else ""
        words += f" · **{unread} not read**" * bool(unread)
        doubtful = sum(len(to_save(each, True)) - len(to_save(each, False)) for each in glances)
        with_doubtful = bool(doubtful) and st.session_state.get(DOUBTFUL, False)
        count = sum(len(to_save(each, with_doubtful)) for each in glances)
        change_button(
            f"Save all · {counted_digits(count)}" if len(pictures) > 1 else f"Save {counted_digits(count)}",
            type="primary",
            icon=":material/save:",
            disabled=not count,
            on_click=save,
            key="save_all",
            help=SAVE_HELP,
        )
        if doubtful:
            st.checkbox(
                f"also the {doubtful} marked as not a digit",
                key=DOUBTFUL,
                persist_state="session",
                help="Some marks are unlike all that the network learnt: letters and scribbles, but also digits in an "
                "unusual hand. They are left out unless you choose their label, or switch this on.",
            )
        if words:
            st.caption(words, width="content")
        undo_button()


def show_grid(pictures: Sequence[tuple[Upload, Glance | None]], chosen: str, on_choose: Callable[[str], None]) -> None:
    """Draw each picture with its reading; `chosen` is the file that the inspector shows."""
    tiles = [_tile(place, upload, glance) for place, (upload, glance) in enumerate(pictures)]
    empty = np.full((THUMBNAIL, THUMBNAIL), 200, np.uint8)
    images = np.stack([glance.thumbnail if glance else empty for _, glance in pictures])
    places = [place for place, (upload, _) in enumerate(pictures) if upload.file == chosen]
    with st.container(key="recognise_grid"):
        show_tiles(
            images,
            tiles,
            "recognise_grid_tiles",
            words="The uploaded pictures with their answers",
            size=TILE,
            chosen=places,
            on_choose=lambda place: on_choose(pictures[place][0].file),
        )


def _tile(place: int, upload: Upload, glance: Glance | None) -> Tile:
    if glance is None:
        return Tile(None, place, "waiting", f"{upload.name}: not read yet", "…")
    if glance.problem:
        return Tile(None, place, "not read", glance.problem, "–", doubtful=True)
    if not glance.marks:
        return Tile(None, place, "no digits", f"{upload.name}: no box holds ink", "–", doubtful=True)
    many, doubtful = len(glance.marks) > 1, glance.doubtful
    text = glance.text if len(glance.text) <= LONGEST_TEXT else f"{glance.text[: LONGEST_TEXT - 1]}…"
    note = "saved" if is_saved(glance) else ""
    if doubtful and to_save(glance, True):  # unless they were saved anyway
        note = f"{doubtful} not a digit?" if many else "not a digit?"
    name = f"{upload.name}: reads {glance.text}" + f", {doubtful} of them not a digit, it seems" * bool(doubtful)
    return Tile(None if many else glance.marks[0].label, place, note, name, text, bool(doubtful))
