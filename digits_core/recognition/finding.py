"""The digits of any picture: one that fills it, or many on a sheet. The same for pages, shell and measurements."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from digits_core.errors import PictureError
from digits_core.recognition.prepare import to_ink
from digits_core.recognition.segment import find_digits
from digits_core.recognition.sheet import Sheet, read_sheet

Way = Literal["auto", "one", "many"]
"""What a picture shows: one digit, many on a sheet, or whichever it looks like."""

_LARGE = 0.4
"""Of a picture's longest side: a digit this large fills the picture."""
_FULL = 0.9
"""Of a picture's longest side: what is as large is no digit but a frame, a grid, or a shadow's edge."""


def find_in(picture: Image.Image, name: str = "the picture", way: Way = "auto") -> Sheet:
    """The digits of a picture as `way` says; automatically, a digit that fills the picture is the only one.

    Sheets are read in a way of their own: straightened, without printed lines, without marks too large for one digit
    of many. `PictureError` where nothing is found.
    """
    if way == "many":
        return read_sheet(picture, name)
    if way == "one":
        return _joined(_as_it_lies(picture, name))
    try:
        plain = _as_it_lies(picture, name)
    except PictureError:
        with suppress(PictureError):
            return read_sheet(picture, name)
        raise
    if _is_large(plain):
        return plain
    try:
        return read_sheet(picture, name)
    except PictureError:
        return plain


def _as_it_lies(picture: Image.Image, name: str) -> Sheet:
    """The digits of a picture that is neither straightened nor ruled."""
    ink = to_ink(picture, name)
    height, width = ink.shape
    scale = width / picture.width
    return Sheet(picture.resize((width, height)), ink, tuple(find_digits(ink)), np.diag([scale, scale, 1.0]))


def _joined(sheet: Sheet) -> Sheet:
    """All of its ink as one digit."""
    whole = sheet.boxes[0]
    for box in sheet.boxes[1:]:
        whole = whole.joined(box)
    return replace(sheet, boxes=(whole,))


def _is_large(sheet: Sheet) -> bool:
    """Whether the digits fill the picture: the tallest as a digit would and not as a frame or a printed grid would."""
    longest = max(sheet.ink.shape)
    tallest = max(max(box.width, box.height) for box in sheet.boxes)
    return len(sheet.boxes) <= 3 and _LARGE * longest < tallest < _FULL * longest
