"""The picture that is chosen among the uploaded ones: its digits in boxes, what was read, and corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.box_editor import show_canvas, show_table
from digits_core.dashboard.loaders import load_threshold
from digits_core.dashboard.recognise import why
from digits_core.dashboard.recognise.answers import show_headline, show_number, show_one
from digits_core.dashboard.recognise.photos import Photo
from digits_core.dashboard.recognise.preparation import offer_steps
from digits_core.dashboard.recognise.reading import Reading, in_words
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.figures.recognition import boxed
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

PHOTO_WIDTH, PHOTO_HEIGHT, LARGEST_HEIGHT = 260, 120, 420


def show_photo(photo: Photo, run: Run) -> None:
    """The picture with what was read on it, or its boxes on a canvas while they are corrected."""
    number, threshold = photo.work.number, load_threshold(run.id)
    if st.session_state.get(f"correct_{number}"):
        _correct(photo)
    else:
        _answer(photo, threshold, run)
    st.toggle(
        "Correct", key=f"correct_{number}", persist_state="session",
        help="Move, draw and delete boxes, and correct labels. Save the digits above.",
    )  # fmt: skip


def _answer(photo: Photo, threshold: Threshold, run: Run) -> None:
    number, sheet, found = photo.work.number, photo.work.packed, photo.found()
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=PHOTO_WIDTH):
        height = max(PHOTO_HEIGHT, min(LARGEST_HEIGHT, round(PHOTO_WIDTH * sheet.height / sheet.width)))
        chart = boxed(photo.address, (sheet.width, sheet.height), photo.boxed(), height)
        show_chart(chart, f"photo_{number}", f"{photo.work.name} with its digits in boxes", height)
    with row.container(width="stretch"):
        if not found:
            st.info("No box holds ink. Correct the boxes below.")
            return
        if len(found) == 1:
            answer = found[0][1].answers[0]
            show_headline(answer, photo.refused(found[0][0]), threshold, run.id, f"photo_{number}")
            show_one(answer, f"sure_{number}")
        else:
            _number(photo, found, threshold, run)
    chosen = _chosen(photo, len(found))
    offer_steps(found[chosen][1], run.config.transform, f"photo_{number}")
    why.show(run, lambda: found[chosen][1], f"photo_{number}_{chosen}")


def _number(photo: Photo, found: list[tuple[Box, Reading]], threshold: Threshold, run: Run) -> None:
    """What several digits make together, each as the network sees it, and the probabilities of the chosen one."""
    number, chosen = photo.work.number, _chosen(photo, len(found))
    unsure = sum(not each.sure for each in photo.boxed())
    refused = [photo.doubted(box) for box, _ in found]
    words = f"{len(found)} digits · {unsure or 'none'} to check"
    show_number(photo.text, words, sum(refused), len(found), threshold, run.id, f"photo_{number}")
    tiles = [
        Tile(
            photo.label(box), place, "no digit?" if refused[place] else f"{reading.answers[0].probability:.0%}",
            in_words(reading.answers[0]), doubtful=refused[place],
        )
        for place, (box, reading) in enumerate(found)
    ]  # fmt: skip
    seen = np.stack([reading.answers[0].seen for _, reading in found])
    show_tiles(
        seen, tiles, f"photo_tiles_{number}", words="The digits as the network sees them", size=52, chosen=[chosen],
        on_choose=lambda place: st.session_state.update({f"photo_chosen_{number}": place}),
    )  # fmt: skip
    show_one(found[chosen][1].answers[0], f"sure_{number}")


def _chosen(photo: Photo, count: int) -> int:
    """The place of the digit that is looked at closely."""
    return max(0, min(st.session_state.get(f"photo_chosen_{photo.work.number}", 0), count - 1))


def _correct(photo: Photo) -> None:
    """The boxes on a canvas and the labels in a table."""
    st.caption(
        "Draw a box around a digit that was missed. The pencil above the picture moves, resizes and deletes boxes. The "
        "table corrects labels, and leaves out what is not a digit."
    )
    row = st.container(horizontal=True)
    with row.container(width="content"):
        show_canvas(photo.work, None)
    with row.container(width="stretch"):
        show_table(photo.work)
