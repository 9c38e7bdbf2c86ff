"""The marks of a sheet that are not read, with the reason: a list in which one click adds a mark as a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image, ImageOps

from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.dashboard.tiles import Tile, show_tiles

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

SIDE = 64
"""Side of a mark in the list, in pixels."""
MOST = 60
"""How many marks are listed, the largest ones; the others are dust."""


def left_key(work: Work) -> str:
    """Return the session key of the toggle that shows the marks on the picture."""
    return f"sheet_left_out_{work.number}"


def show_left_out(work: Work) -> None:
    """Show which marks were left out and why; nothing if there are none."""
    marks = work.left_out
    if not marks:
        return
    from digits_core.recognition.marks import reasons_of

    words = "1 mark was" if len(marks) == 1 else f"{len(marks)} marks were"
    with st.expander(f"{words} left out: {reasons_of(marks)}", icon=":material/filter_alt:"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.toggle(
                "Show on the picture",
                key=left_key(work),
                persist_state="session",
                help="Draws a dashed frame around each mark that is not read. A click on one adds it as a box.",
            )
            more = f" The {MOST} largest are listed." if len(marks) > MOST else ""
            st.caption(f"Click a mark to add it as a box; Undo takes it back.{more}")
        picture = work.sheet.picture
        show_tiles(
            np.stack([_seen(picture, mark.box) for mark in marks[:MOST]]),
            [
                Tile(0, place, mark.reason, f"Left out: {mark.reason}. Click to add it as a box.", "")
                for place, mark in enumerate(marks[:MOST])
            ],
            f"{left_key(work)}_list",
            words="Marks that were left out",
            size=84,
            on_choose=lambda place: work.bring_back(marks[place].box),
        )


def _seen(picture: Image.Image, box: Box) -> np.ndarray:
    """Return a mark with a little paper around it, uint8 (`SIDE`, `SIDE`)."""
    margin = 4 + max(box.width, box.height) // 8
    left, top = max(0, box.left - margin), max(0, box.top - margin)
    part = picture.crop((left, top, min(picture.width, box.right + margin), min(picture.height, box.bottom + margin)))
    return np.asarray(ImageOps.pad(part, (SIDE, SIDE), color=int(np.median(np.asarray(part)))), dtype=np.uint8)
