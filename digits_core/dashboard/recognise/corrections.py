"""What a person changes of the digits that were found: one relabelled, split, joined or dropped. Knows no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from digits_core.dashboard.handwriting.boxes import LabelledBox

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

_MIDDLE = (0.25, 0.75)
"""A box is split in this part of its width or height: further out is the end of a stroke, not a second digit."""

Boxes = tuple[LabelledBox, ...]


def relabelled(boxes: Sequence[LabelledBox], box: Box, label: int) -> Boxes:
    """Return the boxes with the label that a person gives one of them."""
    return tuple(replace(each.labelled(label), keep=True) if each.box == box else each for each in boxes)


def dropped(boxes: Sequence[LabelledBox], box: Box) -> Boxes:
    """Return the boxes without one of them."""
    return tuple(each for each in boxes if each.box != box)


def joined(boxes: Sequence[LabelledBox], box: Box, other: Box) -> Boxes:
    """Return the boxes with one around two of them in the place of the first; it is yet to be read."""
    whole = LabelledBox(box.joined(other))
    return tuple(whole if each.box == box else each for each in boxes if each.box != other)


def split(boxes: Sequence[LabelledBox], box: Box, ink: np.ndarray) -> Boxes:
    """Return the boxes with two in the place of one, which holds this ink, uint8 (H, W); both are yet to be read."""
    now: list[LabelledBox] = []
    for each in boxes:
        now += [LabelledBox(half) for half in halves(box, ink)] if each.box == box else [each]
    return tuple(now)


def halves(box: Box, ink: np.ndarray) -> tuple[Box, Box]:
    """Return a box cut in two where the cut meets least ink, across or down; each half tight around its ink.

    Args:
        box: The box in pixels of the picture.
        ink: What it holds, uint8 (H, W) of its own size.
    """
    down, across = ink.sum(axis=0, dtype=np.int64), ink.sum(axis=1, dtype=np.int64)  # ink met by a cut at each place
    column, row = _cut(down), _cut(across)
    if across[row] < down[column] or ink.shape[1] < 2:
        parts = ((0, 0, ink.shape[1], row), (0, row, ink.shape[1], ink.shape[0]))
    else:
        parts = ((0, 0, column, ink.shape[0]), (column, 0, ink.shape[1], ink.shape[0]))
    first, second = (_tight(box, ink, *part) for part in parts)
    return first, second


def _cut(met: np.ndarray) -> int:
    """Return the place in the middle part where least ink is met, the one nearest to the middle of several."""
    low, high = (max(1, round(share * len(met))) for share in _MIDDLE)
    places = np.arange(low, max(low + 1, high)).clip(0, len(met) - 1)
    order = np.lexsort((abs(places - len(met) / 2), met[places]))
    return int(places[order[0]])


def _tight(box: Box, ink: np.ndarray, left: int, top: int, right: int, bottom: int) -> Box:
    """The part of a box around what ink there is in it; all of the part where there is none."""
    part = ink[top:bottom, left:right] > 0
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if len(rows):
        left, right, top, bottom = left + columns[0], left + columns[-1] + 1, top + rows[0], top + rows[-1] + 1
    return replace(
        box, left=box.left + int(left), top=box.top + int(top), width=int(right - left), height=int(bottom - top)
    )
