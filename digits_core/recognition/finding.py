"""The digits of any picture: one that fills it, or many on a sheet. The same for pages, shell and measurements."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from digits_core.errors import PictureError
from digits_core.recognition.prepare import to_ink
from digits_core.recognition.segment import Box, find_digits
from digits_core.recognition.sheet import Sheet, read_sheet

Way = Literal["auto", "one", "many"]
"""What a picture shows: one digit, many on a sheet, or whichever it looks like."""

_FEW, _LARGE = 3, 0.1
"""So many digits, one of them as large as this share of the picture's longest side, fill the picture."""
_THIN = 0.035
"""Of a digit's longest side: a printed table has thinner strokes, and a sheet's way reads thin strokes well."""
_BOLD = 1 / 30
"""Of the picture's longest side: wider strokes than these would count as shadow on a sheet."""
_FULL, _FLAT = 0.9, 2.5
"""No digit takes as much of a picture's width or height, or is so many times as wide as high."""
_MEASURED_SIDE = 250


def find_in(picture: Image.Image, name: str = "the picture", way: Way = "auto") -> Sheet:
    """The digits of a picture as `way` says; automatically, digits that fill the picture are read as they lie.

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
    if _fill(plain):
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


def _fill(plain: Sheet) -> bool:
    """Whether the digits fill the picture: large or bold ones, and nothing that is none."""
    height, width = plain.ink.shape
    if any(_is_no_digit(box, width, height) for box in plain.boxes):
        return False
    longest, stroke = max(height, width), _stroke_width(plain.ink)
    tallest = max(max(box.width, box.height) for box in plain.boxes)
    large = len(plain.boxes) <= _FEW and tallest > _LARGE * longest and stroke > _THIN * tallest
    return large or stroke > _BOLD * longest


def _is_no_digit(box: Box, width: int, height: int) -> bool:
    """Whether a mark looks like a shadow, the paper's edge, what it lies on, or a line printed on it."""
    at_edge = min(box.left, box.top) <= 0 or box.right >= width or box.bottom >= height
    return at_edge or box.width > _FULL * width or box.height > _FULL * height or box.width > _FLAT * box.height


def _stroke_width(ink: np.ndarray) -> float:
    """How wide the strokes of (H, W) ink usually are, in pixels: a stroke has two edges along its whole area."""
    scale = min(1.0, _MEASURED_SIDE / max(ink.shape))
    size = tuple(max(1, round(side * scale)) for side in ink.shape[::-1])
    # Made small, ink has no holes where the sensor's noise was.
    solid = np.pad(np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX)) >= 128, 1)
    inner = solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, :-2] & solid[1:-1, 2:]
    solid = solid[1:-1, 1:-1]
    return 2 * solid.sum() / max(1, (solid & ~inner).sum()) / scale
