"""A sheet that lies on its side, as phones save it that are held flat over a table: noticed, and turned upright.

Two signs have to agree. Digits are higher than wide, so the boxes of a sheet on its side are wider than high; and the
network reads the digits clearly better once they are turned. What is upright is never turned: there, the first sign
is missing. Upside down is not looked for: a page of sixes is one of nines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from digits_core.recognition.marks import LeftOut
from digits_core.recognition.segment import Box, find_digits, without_dashes
from digits_core.recognition.sheet import Sheet, ink_of

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Answer

Read = Callable[[list[np.ndarray]], list["Answer"]]
"""Recognise pieces of ink, uint8 (S, S) each, as `Recogniser.read_all` does."""

FEWEST = 4
"""Digits: fewer say too little about how a sheet lies. A photo of one digit is never turned."""
_CLEARER = 0.08  # of the mean logarithm of the probability of a digit, on its side and turned

LEFT, RIGHT = 1, -1
"""Quarter turns, counter-clockwise."""


def upright(sheet: Sheet, read: Read) -> Sheet:
    """Return the sheet, turned by a quarter if it lies on its side; `read` is asked only if it looks like that."""
    if not _looks_sideways(sheet.boxes):
        return sheet
    inks = [ink_of(sheet, box) for box in sheet.boxes]
    clearness = {turns: _clearness([np.rot90(ink, turns) for ink in inks], read) for turns in (0, LEFT, RIGHT)}
    best = max((LEFT, RIGHT), key=clearness.__getitem__)
    return turned(sheet, best) if clearness[best] > clearness[0] + _CLEARER else sheet


def turned(sheet: Sheet, turns: int) -> Sheet:
    """Return a sheet after quarter turns counter-clockwise, `LEFT` or `RIGHT`, its digits found again in its ink.

    Again, because which marks are parts of one digit, or dashes, depends on how they lie to each other.
    """
    ink = np.ascontiguousarray(np.rot90(sheet.ink, turns))
    picture = sheet.picture.transpose(Image.Transpose.ROTATE_90 if turns == LEFT else Image.Transpose.ROTATE_270)
    found = find_digits(ink)
    boxes = without_dashes(found)
    left_out = [
        LeftOut(_turned_box(each.box, turns, sheet.ink.shape), each.reason)
        for each in sheet.left_out
        if each.reason != "a dash"
    ]
    left_out += [LeftOut(box, "a dash") for box in found if box not in boxes]
    return replace(
        sheet,
        picture=picture,
        ink=ink,
        boxes=tuple(boxes),
        from_photo=_turn_of_points(turns, sheet.ink.shape) @ sheet.from_photo,
        left_out=tuple(left_out),
    )


def _looks_sideways(boxes: tuple[Box, ...]) -> bool:
    """Return True if the digits are, in the geometric mean, wider than high."""
    return len(boxes) >= FEWEST and float(np.mean([np.log(box.width / box.height) for box in boxes])) > 0


def _clearness(inks: list[np.ndarray], read: Read) -> float:
    """Return the mean logarithm of the probability of what the network takes each digit for."""
    return float(np.mean(np.log([max(answer.probability, 0.1) for answer in read(inks)])))


def _turn_of_points(turns: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the homography (3, 3) of a quarter turn of a picture of (H, W)."""
    height, width = shape
    if turns == LEFT:
        return np.array([[0.0, 1, 0], [-1, 0, width], [0, 0, 1]])
    return np.array([[0.0, -1, height], [1, 0, 0], [0, 0, 1]])


def _turned_box(box: Box, turns: int, shape: tuple[int, ...]) -> Box:
    height, width = shape
    if turns == LEFT:
        return Box(box.top, width - box.right, box.height, box.width)
    return Box(height - box.bottom, box.left, box.height, box.width)
