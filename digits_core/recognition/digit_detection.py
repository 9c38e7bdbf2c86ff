"""The digits of any picture: one that fills it, or many on a sheet. The same for pages, shell and measurements."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from digits_core.data.picture import as_picture, grey
from digits_core.errors import PictureError
from digits_core.recognition.edges import SOLID
from digits_core.recognition.form_fields import find_fields
from digits_core.recognition.paper import find_paper
from digits_core.recognition.prepare import ink_of_picture, no_ink, shrunk
from digits_core.recognition.segment import Box, find_digits
from digits_core.recognition.sheet import LEAST_PHOTO, Sheet, read_sheet
from digits_core.recognition.walls import FEWEST

Way = Literal["auto", "one", "many"]
"""What a picture shows: one digit, many on a sheet, or whichever it looks like."""

_SMALLER = 0.5
"""Next to a dominant mark, all others are smaller than this share of its longest side."""
_WIDEST, _HALF, _WHOLE = 1.25, 0.5, 0.75
"""A digit in pieces is at most this many times as wide as high, one piece at least half as high, the others less."""
_LARGE = 0.25
"""Of its ink: a piece of this size may be a row of boxes, a smaller one the bar of a 5."""
_HOLE = 0.02
"""Of a mark's width times height: a smaller hole is not a box."""
_STRIP = 2.0
"""Times as wide as high: a picture of that shape is one of a row rather than of one digit."""
_ACROSS = 0.95
"""Of the picture's width or height: what is longer may be a line of the paper that crosses the picture."""


def find_in(picture: Image.Image, name: str = "the picture", way: Way = "auto") -> Sheet:
    """Return the digits of a picture as `way` says; automatically, one dominant mark is one digit.

    Rows of boxed form fields are read cell by cell, unless the picture shows one digit.
    Sheets are straightened, and the lines that are printed on them removed. `PictureError` if nothing is found.
    """
    if way == "many":
        return find_fields(picture, name) or read_sheet(picture, name)
    try:
        plain = _as_it_lies(picture, name)
    except PictureError:
        if way == "auto" and (fields := find_fields(picture, name)):
            return fields
        with suppress(PictureError):
            return read_sheet(picture, name)
        raise
    dominant = _dominant(plain)
    if dominant and (_crosses(plain, dominant) or _lies_on_table(plain)):
        dominant = None
    # Looking for boxes of a form takes a while.
    if dominant and picture.width < _STRIP * picture.height and not _may_be_boxes(plain, dominant):
        return replace(plain, boxes=(dominant,))
    if way == "auto" and (fields := find_fields(picture, name)):
        return fields
    if dominant:
        return replace(plain, boxes=(dominant,))
    if way == "one":
        return _joined(plain)
    try:
        sheet = read_sheet(picture, name)
    except PictureError:
        return plain
    dominant = _dominant(sheet)
    return sheet if dominant is None else replace(sheet, boxes=(dominant,))


def _as_it_lies(picture: Image.Image, name: str) -> Sheet:
    """Return the digits of a picture that is neither straightened nor ruled."""
    image = shrunk(grey(as_picture(picture, name)))
    ink, left_out = ink_of_picture(image)
    boxes = find_digits(ink)
    if not boxes:
        raise PictureError(no_ink(name))
    scale = image.width / picture.width
    return Sheet(image, ink, tuple(boxes), np.diag([scale, scale, 1.0]), tuple(left_out))


def _lies_on_table(plain: Sheet) -> bool:
    """Return True if a photo shows the edges of a sheet of paper, which are not ink."""
    return max(plain.picture.size) >= LEAST_PHOTO and find_paper(np.asarray(plain.picture)) is not None


def _dominant(sheet: Sheet) -> Box | None:
    """Return the box that is by far larger than all others, or that of a digit in pieces, or None."""
    whole = _joined(sheet).boxes[0]
    if len(sheet.boxes) > 1 and _in_pieces(sheet, whole):
        return whole
    boxes = sorted(sheet.boxes, key=lambda box: max(box.width, box.height))
    others = boxes[:-1]
    largest = max(boxes[-1].width, boxes[-1].height)
    return boxes[-1] if all(max(box.width, box.height) < _SMALLER * largest for box in others) else None


def _may_be_boxes(sheet: Sheet, box: Box) -> bool:
    """Return True if a mark, or a large piece of it, is wider than a digit, or has as many holes as boxes have."""
    if box.width > _WIDEST * box.height:
        return True
    solid = np.pad(box.crop(sheet.ink) >= SOLID, 1)
    pieces, _ = ndimage.label(solid, structure=np.ones((3, 3)))
    for index, (rows, columns) in enumerate(ndimage.find_objects(pieces), 1):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if wide > _WIDEST * high and np.count_nonzero(pieces[rows, columns] == index) > _LARGE * solid.sum():
            return True
    holes, _ = ndimage.label(~solid)
    return bool(np.count_nonzero(np.bincount(holes[~solid])[2:] > _HOLE * box.width * box.height) >= FEWEST)


def _in_pieces(sheet: Sheet, whole: Box) -> bool:
    """Return True if the marks are pieces of one digit whose stroke is broken.

    The gaps are no wider than twice the stroke, and one piece, but not two, is as high as a digit.
    """
    if whole.width > _WIDEST * whole.height:
        return False
    heights = sorted((box.height / whole.height for box in sheet.boxes), reverse=True)
    if heights[0] < _HALF or heights[1] > _WHOLE:
        return False
    solid = whole.crop(sheet.ink) >= SOLID
    depth = ndimage.distance_transform_edt(np.pad(solid, 1))[1:-1, 1:-1]
    stroke = 2 * float(np.median(depth[solid & (depth >= ndimage.maximum_filter(depth, 3))])) if solid.any() else 0.0
    away = ndimage.distance_transform_edt(~solid)
    return ndimage.label(away <= stroke)[1] == 1


def _crosses(sheet: Sheet, box: Box) -> bool:
    """Return True if the mark in a box crosses a picture that is large enough to show printed lines."""
    height, width = sheet.ink.shape
    return max(height, width) >= LEAST_PHOTO and (box.width > _ACROSS * width or box.height > _ACROSS * height)


def _joined(sheet: Sheet) -> Sheet:
    """Return the sheet with all of its ink as one digit."""
    whole = sheet.boxes[0]
    for box in sheet.boxes[1:]:
        whole = whole.joined(box)
    return replace(sheet, boxes=(whole,))
