"""Edit a sheet whose digits were found: restore ink that was left out, split a box in two.

Pure functions: a sheet or its ink in, a new one out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box
    from digits_core.recognition.sheet import Sheet

_LEAST_MARGIN = 20  # pixels of paper around a mark, from which its ink is told apart
_MIDDLE = 0.25  # of a box's side: further out is the end of a stroke, not a second digit


def with_ink(sheet: Sheet, box: Box) -> Sheet:
    """Return the sheet with all ink that its picture shows in a box, also what was taken for a line or for dust.

    Ink is separated from paper by the surroundings of the box only, so that a faint mark counts as much as a dark one.
    A mark that was left out and lies mostly in the box is no longer listed as left out.
    """
    from digits_core.recognition.ink import contrast, soft_ink

    picture, margin = sheet.picture, max(_LEAST_MARGIN, box.width, box.height)
    left, top = max(0, box.left - margin), max(0, box.top - margin)
    around = picture.crop((left, top, min(picture.width, box.right + margin), min(picture.height, box.bottom + margin)))
    found = soft_ink(*contrast(np.asarray(around)))[box.top - top :, box.left - left :][: box.height, : box.width]
    ink = sheet.ink.copy()
    part = box.crop(ink)
    np.maximum(part, found, out=part)
    rest = tuple(mark for mark in sheet.left_out if not _mostly_in(mark.box, box))
    return replace(sheet, ink=ink, left_out=rest)


def _mostly_in(mark: Box, box: Box) -> bool:
    across = min(mark.right, box.right) - max(mark.left, box.left)
    down = min(mark.bottom, box.bottom) - max(mark.top, box.top)
    return across > 0 and down > 0 and 2 * across * down >= mark.width * mark.height


def halves(ink: np.ndarray, box: Box) -> tuple[Box, Box]:
    """Return the two boxes of a cut across or down the box, on (H, W) ink, where the cut crosses the least ink.

    Each is the smallest box around its ink.
    """
    part = box.crop(ink)
    met_down, met_across = part.sum(axis=0, dtype=np.int64), part.sum(axis=1, dtype=np.int64)
    column, row = _cut(met_down), _cut(met_across)
    if met_across[row] < met_down[column] or box.width < 2:
        parts = replace(box, height=row), replace(box, top=box.top + row, height=box.height - row)
    else:
        parts = replace(box, width=column), replace(box, left=box.left + column, width=box.width - column)
    return _close(ink, parts[0]), _close(ink, parts[1])


def _cut(met: np.ndarray) -> int:
    """Return the position in the middle part that crosses the least ink; of several, the one nearest to the centre."""
    low, high = (max(1, round(share * len(met))) for share in (_MIDDLE, 1 - _MIDDLE))
    places = np.arange(low, max(low + 1, high)).clip(0, len(met) - 1)
    return int(places[np.lexsort((abs(places - len(met) / 2), met[places]))[0]])


def _close(ink: np.ndarray, box: Box) -> Box:
    """Return the smallest box around the ink in a box; the box itself if it contains none."""
    rows, columns = np.nonzero(box.crop(ink))
    if not rows.size:
        return box
    left, top = int(columns.min()), int(rows.min())
    return replace(
        box,
        left=box.left + left,
        top=box.top + top,
        width=int(columns.max()) - left + 1,
        height=int(rows.max()) - top + 1,
    )
