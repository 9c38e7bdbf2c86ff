"""Read the uploaded pictures of a session one after the other, each once, and summarise them for the grid.

A picture dropped for lack of room in the session keeps its place in the grid, and is read again when it is chosen.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from digits_core.dashboard.handwriting.box_editor import WIDTHS
from digits_core.dashboard.loaders import load_recogniser, load_threshold, reader
from digits_core.dashboard.packed import PHOTOS, PHOTOS_BYTES, forget_oldest
from digits_core.dashboard.recognise import reading_history
from digits_core.dashboard.recognise.photos import Photo, read_photo
from digits_core.dashboard.recognise.recognition_result import THUMBNAIL, thumbnail
from digits_core.dashboard.recognise.uploads import Upload
from digits_core.dashboard.refused import read_once
from digits_core.data.picture import read_picture
from digits_core.errors import DigitsError
from digits_core.runs.store import Run

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.segment import Box

FIRST_NUMBER = 10_000
"""Sheets of the Handwriting page count from 1, so that the canvases of the two pages do not collide."""
SLICE_S = 1.0
"""After this many seconds of reading, the page shows the results so far and handles clicks."""
_PHOTOS, _NUMBERS, _GLANCES, _WAYS = "recognise_photos", "recognise_numbers", "recognise_glances", "recognise_ways"

Asked = tuple["Way", str, float | None]
"""How a picture was read: the way, the id of the run, and its out-of-distribution threshold."""


@dataclass(frozen=True)
class Mark:
    """A digit of a picture: its box, its label as read or corrected, and whether it seems not to be a digit."""

    box: Box
    label: int
    doubtful: bool


@dataclass(frozen=True)
class Glance:
    """A picture as the grid shows it.

    thumbnail: uint8 (THUMBNAIL, THUMBNAIL); number: that of the picture; text: the digits, a space between lines;
    marks: the digits one by one; problem: why the picture could not be read, or "".
    """

    asked: Asked
    thumbnail: np.ndarray
    number: int = 0
    text: str = ""
    marks: tuple[Mark, ...] = ()
    problem: str = ""

    @property
    def doubtful(self) -> int:
        """The number of digits that seem not to be digits."""
        return sum(each.doubtful for each in self.marks)


def way_of(upload: Upload, default: Way) -> Way:
    """Return the way to read a picture: the one requested for it, else the default."""
    return st.session_state.get(_WAYS, {}).get(upload.file, default)


def ask_for(upload: Upload, way: Way) -> None:
    """Set the way to read one picture."""
    st.session_state[_WAYS] = st.session_state.get(_WAYS, {}) | {upload.file: way}


def forget_ways() -> None:
    """Reset the way of every picture to the default."""
    st.session_state.pop(_WAYS, None)


def read_some(uploads: Sequence[Upload], run: Run, default: Way) -> int:
    """Read pictures in order for about `SLICE_S`, at least one; return the number of those left to read."""
    threshold = load_threshold(run.id).refusal
    mark = None if threshold is None else threshold.threshold
    waiting = [each for each in uploads if _is_new(each, (way_of(each, default), run.id, mark))]
    end = time.monotonic() + SLICE_S
    for done, each in enumerate(waiting, 1):
        look_at(each, run, default)
        if time.monotonic() > end:
            return len(waiting) - done
    return 0


def look_at(upload: Upload, run: Run, default: Way) -> tuple[Photo | None, DigitsError | None]:
    """Return a picture with its readings, or the error that prevented it; each picture is read once."""
    way, refusal = way_of(upload, default), load_threshold(run.id).refusal
    asked: Asked = (way, run.id, None if refusal is None else refusal.threshold)
    try:
        photo = _found(upload, way, run)
        new = not photo.read_by
        photo.read(load_recogniser(run.id), run.id, run.title, refusal)
    except DigitsError as error:
        before = _glances().get(upload.file)
        picture = before.thumbnail if before else _undigested(upload)
        _glances()[upload.file] = Glance(asked, picture, problem=str(error))
        return None, error
    if new and (reading := photo.reading()):
        reading_history.keep(reading)
    photo.propose()
    _glances()[upload.file] = _glance(photo, asked)
    return photo, None


def glance_of(upload: Upload, default: Way) -> Glance | None:
    """Return the summary of a picture for the grid; `None` while it has not been read."""
    before = _glances().get(upload.file)
    if before is None or before.asked[0] != way_of(upload, default):
        return None
    photo = _photos().get((upload.file, before.asked[0]))
    return before if photo is None else _glance(photo, before.asked)


def _is_new(upload: Upload, asked: Asked) -> bool:
    before = _glances().get(upload.file)
    return before is None or before.asked != asked


def _glance(photo: Photo, asked: Asked) -> Glance:
    boxes = [each.box for each in photo.work.boxes.now if each.keep]
    marks = tuple(Mark(box, label, photo.doubted(box)) for box in boxes if (label := photo.label(box)) is not None)
    return Glance(asked, photo.thumbnail, photo.work.number, photo.text, marks)


def _found(upload: Upload, way: Way, run: Run) -> Photo:
    """Return the picture with its corrections of this session; a new sheet is turned upright with the help of `run`."""
    photos, key = _photos(), (upload.file, way)
    if key not in photos:
        numbers: dict[tuple[str, Way], int] = st.session_state.setdefault(_NUMBERS, {})
        number = numbers.setdefault(key, FIRST_NUMBER + len(numbers) + 1)
        photos[key] = read_once(
            ("photo", *key), lambda: read_photo(upload.content, upload.name, number, way, WIDTHS[0], reader(run.id))
        )
        forget_oldest(photos, PHOTOS, PHOTOS_BYTES)
    return photos[key]


def _undigested(upload: Upload) -> np.ndarray:
    """Return the thumbnail of a picture without digits; plain grey if the file is not a picture."""
    try:
        return thumbnail(read_picture(upload.content, upload.name))
    except (DigitsError, OSError):
        return np.asarray(Image.new("L", (THUMBNAIL, THUMBNAIL), 128))


def _photos() -> dict[tuple[str, Way], Photo]:
    return st.session_state.setdefault(_PHOTOS, {})


def _glances() -> dict[str, Glance]:
    return st.session_state.setdefault(_GLANCES, {})
