"""The chosen uploaded picture: its digits in boxes, their readings, and corrections."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.handwriting.box_editor import show_canvas
from digits_core.dashboard.loaders import load_threshold
from digits_core.dashboard.recognise import why
from digits_core.dashboard.recognise.answer_display import show_headline, show_number, show_one
from digits_core.dashboard.recognise.correct import chosen_key, chosen_place, is_editing, show_corrections
from digits_core.dashboard.recognise.photos import Photo
from digits_core.dashboard.recognise.preparation import offer_steps
from digits_core.dashboard.recognise.recognition_result import Reading, in_words
from digits_core.dashboard.thresholds import Threshold
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.figures.recognition_figures import boxed
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

PHOTO_WIDTH, PHOTO_HEIGHT, LARGEST_HEIGHT = 260, 120, 420


def show_photo(photo: Photo, run: Run) -> None:
    """Draw the picture with its digits in boxes, their readings, and the controls that correct them."""
    number, threshold, found = photo.work.number, load_threshold(run.id), photo.found()
    place = chosen_place(photo, len(found))
    chosen = found[place] if found else None
    if is_editing(photo):
        before = photo.work.boxes.now
        show_canvas(photo.work, None)
        if photo.work.boxes.now != before:
            st.rerun()  # reads the edited boxes before anything shows them
        _answer(photo, found, threshold, run)
    else:
        row = st.container(horizontal=True, gap="medium")
        with row.container(width=PHOTO_WIDTH):
            _picture(photo, chosen and chosen[0])
        with row.container(width="stretch"):
            _answer(photo, found, threshold, run)
    show_corrections(photo, [box for box, _ in found], place)
    if chosen:
        show_one(chosen[1].answers[0], f"sure_{number}")
        offer_steps(chosen[1], run.config.transform, f"photo_{number}")
        why.show(run, lambda: chosen[1], f"photo_{number}_{place}")


def _picture(photo: Photo, chosen: Box | None) -> None:
    """Draw the picture, and on request the marks that were left out, with the reason for each."""
    number, sheet = photo.work.number, photo.work.packed
    height = max(PHOTO_HEIGHT, min(LARGEST_HEIGHT, round(PHOTO_WIDTH * sheet.height / sheet.width)))
    key = f"left_out_{number}"
    left_out = photo.boxed_left_out() if st.session_state.get(key) else []
    chart = boxed(photo.address, (sheet.width, sheet.height), photo.boxed(chosen), height, left_out)
    show_chart(chart, f"photo_{number}", f"{photo.work.name} with its digits in boxes", height)
    if photo.left_out:
        from digits_core.recognition.marks import reasons_of

        st.toggle(
            f"Show {len(photo.left_out)} left out",
            key=key,
            persist_state="session",
            help="Marks that were seen and not read as digits. If one of them is a digit, read the picture in the "
            "other way, or draw a box around it.",
        )
        st.caption(f"Left out: {reasons_of(photo.left_out)}")


def _answer(photo: Photo, found: list[tuple[Box, Reading]], threshold: Threshold, run: Run) -> None:
    number = photo.work.number
    if not found:
        st.info("No box holds ink. Edit the boxes, or read the picture in the other way.")
    elif len(found) == 1:
        answer = found[0][1].answers[0]
        show_headline(answer, photo.refused(found[0][0]), threshold, run.id, f"photo_{number}")
    else:
        _number(photo, found, threshold, run)


def _number(photo: Photo, found: list[tuple[Box, Reading]], threshold: Threshold, run: Run) -> None:
    """Draw several digits as one number, and each as the network sees it."""
    number, chosen = photo.work.number, chosen_place(photo, len(found))
    unsure = sum(not each.sure for each in photo.boxed())
    refused = [photo.doubted(box) for box, _ in found]
    words = f"{len(found)} digits · {unsure or 'none'} to check"
    answers = tuple(reading.answers[0] for _, reading in found)
    whole = replace(found[0][1], answers=answers, refused=frozenset(np.flatnonzero(refused).tolist()))
    show_number(whole, photo.text, words, threshold, run.id, f"photo_{number}")
    tiles = [
        Tile(photo.label(box), place, _note(photo, box, reading), in_words(reading.answers[0]), None, refused[place])
        for place, (box, reading) in enumerate(found)
    ]
    seen = np.stack([reading.answers[0].seen for _, reading in found])
    show_tiles(
        seen,
        tiles,
        f"photo_tiles_{number}",
        words="The digits as the network sees them",
        size=52,
        chosen=[chosen],
        on_choose=partial(st.session_state.__setitem__, chosen_key(photo)),
    )


def _note(photo: Photo, box: Box, reading: Reading) -> str:
    if photo.given(box):
        return "corrected"
    return "not a digit?" if photo.doubted(box) else f"{reading.answers[0].probability:.0%}"
