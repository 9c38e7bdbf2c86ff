"""Find the digits in a picture of several: `find_digits(ink)` gives a box for each, in reading order.

`rows_of` and `columns_of` tell which boxes are in a line, also after some were moved, added or removed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.measure import label, regionprops

SPECK_SHARE = 0.25
"""Marks whose longest side is smaller than this share of a digit's usual height are dust, dots or commas."""

CONNECTED = 32
"""Fainter ink, of 255, does not connect two strokes."""

MAX_MARKS = 400

_WHOLE = 0.75  # of two marks over each other, both higher than this share, each is a digit
_TALLEST = 1.7  # parts that would make a digit taller than this many usual heights belong to two lines
_HALF, _TALLEST_OF_HALVES = 0.5, 1.4  # the same for two parts that are at least half as high as a digit
_WIDEST = 1.25  # parts side by side that would make a digit wider than this are two
_BAR_SHARE = 0.4  # a mark lower than this may be the bar of a 5 that has slipped over its corner
_WIDEST_WITH_BAR = 1.8  # such a bar, if it is flat and reaches out over the rest of the 5, makes it wider
_ALIKE = 1.4  # digits of one hand are at most this much larger or smaller than usual
_OF_ONE_HAND = 2.5  # the largest digit of a picture is at most this many times as high as the usual one, and conversely
_WHOLE_BESIDE = 0.3  # of two marks side by side, both higher than this share, each is a digit
_DASH, _FLAT = 0.4, 1.4  # a dash is lower than this share of the usual height, and this many times wider than high
_SAME_LINE, _STEEPEST = 0.6, 0.25  # in usual heights, across; of a line's slant
_GAP_ABOVE, _GAP_BESIDE = 0.3, 0.12  # how far a part may be away, in usual heights


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, (left, top) inside, (left + width, top + height) just outside."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right, bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        return Box(left, top, right - left, bottom - top)

    def crop(self, image: np.ndarray) -> np.ndarray:
        """Return the part of (H, W) in the box, a view of shape (height, width)."""
        return image[self.top : self.bottom, self.left : self.right]


def find_digits(ink: np.ndarray) -> list[Box]:
    """Return a box around each digit in (H, W) uint8 ink, lines top to bottom, each left to right; [] without ink.

    Strokes that touch are one mark; a mark too small for a digit joins the digit above, below or next to it
    (the bar of a 5, the halves of a broken 4), or is left out if there is none.
    """
    marks = [
        Box(left, top, right - left, bottom - top)
        for top, left, bottom, right in (region.bbox for region in regionprops(label(ink >= CONNECTED)))
    ]
    if not marks:
        return []
    height = usual_height(marks)
    marks = _join_parts(marks, height)
    return _reading_order([mark for mark in marks if max(mark.width, mark.height) >= SPECK_SHARE * height])


def ink_in(ink: np.ndarray, boxes: list[Box]) -> list[np.ndarray]:
    """Return the ink (height, width) of each box without strokes that only reach in from a neighbour."""
    marks = Marks(ink)
    return [marks.inside(box) for box in boxes]


class Marks:
    """The strokes of (H, W) uint8 ink, told apart once: what touches is one mark."""

    def __init__(self, ink: np.ndarray) -> None:
        self._ink = ink
        labels, count = label(ink > 0, return_num=True)
        self._labels = labels.astype(np.min_scalar_type(count))  # (H, W), for as long as a session keeps a sheet
        self._sizes = np.bincount(self._labels.reshape(-1))

    def inside(self, box: Box) -> np.ndarray:
        """Return the ink (height, width) in a box of the marks at least half of which lie in it; all ink if none does.

        Faint ink may join a digit to more than lies in its box.
        """
        labels, ink = box.crop(self._labels), box.crop(self._ink)
        inside = np.bincount(labels.reshape(-1), minlength=len(self._sizes))
        own = np.where((inside * 2 >= self._sizes)[labels], ink, 0).astype(np.uint8)
        return own if own.any() else ink


def without_dashes(boxes: list[Box]) -> list[Box]:
    """Remove the boxes that are lower and flatter than any digit among several."""
    height = usual_height(boxes) if boxes else 0
    return [box for box in boxes if box.height >= _DASH * height or box.width <= _FLAT * box.height]


def usual_height(marks: list[Box]) -> float:
    """Return the height of a digit in this picture, in pixels.

    The size around which most of the marks' area lies says what is a digit at all: dust is small, and what is large
    but not a digit is alone. Of those, the median counts: one long tail does not set it.
    """
    sides = np.sort([float(max(mark.height, mark.width, 1)) for mark in marks])[-MAX_MARKS:]
    near = abs(np.log(sides[:, None] / sides)) < np.log(_ALIKE)  # (n, n)
    most = np.median(sides[near[(near * np.square(sides)).sum(axis=1).argmax()]])
    return float(np.median(sides[abs(np.log(sides / most)) < np.log(_OF_ONE_HAND)]))


def _join_parts(marks: list[Box], height: float) -> list[Box]:
    """Join marks that belong together, the closest first; boxes in no order.

    The work grows with the square of the number of marks, so of a picture full of dust only the largest
    `MAX_MARKS` count.
    """
    marks = sorted(marks, key=lambda mark: mark.width + mark.height, reverse=True)[:MAX_MARKS]
    pairs = [
        (_apart(marks[i], marks[j]), i, j)
        for i, j in _near(marks, height)
        if _belong_together(marks[i], marks[j], height)
    ]
    digits = dict(enumerate(marks))
    digit_of = list(range(len(marks)))  # the key in `digits` of each mark
    for _, i, j in sorted(pairs):
        one, other = digit_of[i], digit_of[j]
        if one == other or _two_digits(digits[one], digits[other], height):
            continue
        digits[one] = digits[one].joined(digits.pop(other))
        digit_of = [one if key == other else key for key in digit_of]
    return list(digits.values())


def _near(marks: list[Box], height: float) -> Iterator[tuple[int, int]]:
    """Return the pairs of marks (i, j), j < i, that lie near enough to each other to be parts of one digit."""
    left, top, right, bottom = np.array([(mark.left, mark.top, mark.right, mark.bottom) for mark in marks]).T
    beside = np.maximum.outer(left, left) - np.minimum.outer(right, right)
    above = np.maximum.outer(top, top) - np.minimum.outer(bottom, bottom)
    near = (beside <= _GAP_BESIDE * height) & (above <= _GAP_ABOVE * height)
    return zip(*(places.tolist() for places in np.nonzero(np.tril(near, -1))), strict=True)


def _two_digits(one: Box, other: Box, height: float) -> bool:
    """Return True if both together are too tall, or too wide for parts side by side, to be one digit."""
    joined = one.joined(other)
    beside = _gaps(one, other)[0] > -0.5 * min(one.width, other.width)
    widest = _WIDEST_WITH_BAR if _is_bar_of(one, other, height) else _WIDEST
    return joined.height > _TALLEST * height or (beside and joined.width > widest * height)


def _is_bar_of(one: Box, other: Box, height: float) -> bool:
    """Return True if the upper of two marks is the bar of a 5: flat, low, at the rest's corner and partly over it."""
    bar, rest = (one, other) if one.top < other.top else (other, one)
    beside, above = _gaps(one, other)
    flat = bar.height < _BAR_SHARE * height and bar.width > _FLAT * bar.height
    return flat and bar.right > rest.right and beside < 0 and above <= _GAP_BESIDE * height


def _gaps(one: Box, other: Box) -> tuple[int, int]:
    """Return the empty pixels between two boxes, horizontally and vertically; negative if they overlap."""
    beside = max(one.left, other.left) - min(one.right, other.right)
    above = max(one.top, other.top) - min(one.bottom, other.bottom)
    return beside, above


def _apart(one: Box, other: Box) -> int:
    return sum(max(0, gap) for gap in _gaps(one, other))


def _belong_together(one: Box, other: Box, height: float) -> bool:
    """Return True if two marks are parts of one digit whose usual height is `height`."""
    if one.joined(other).height > _TALLEST * height:
        return False
    beside, above = _gaps(one, other)
    narrower, lower = min(one.width, other.width), min(one.height, other.height)
    if lower >= _WHOLE * height and above > -_GAP_ABOVE * height and -beside >= 0.5 * narrower:
        return False  # two digits of lines that come close to each other
    if lower >= _HALF * height and one.joined(other).height > _TALLEST_OF_HALVES * height:
        return False
    one_over_the_other = -beside >= 0.5 * narrower and above <= _GAP_ABOVE * height
    if one.joined(other).width > _WIDEST * height and not _is_bar_of(one, other, height):
        return one_over_the_other
    part_beside = lower < _WHOLE_BESIDE * height and beside <= _GAP_BESIDE * height and -above >= 0.5 * lower
    bar_at_a_corner = lower < _BAR_SHARE * height and max(beside, above) <= _GAP_BESIDE * height
    return one_over_the_other or part_beside or bar_at_a_corner


def rows_of(boxes: Sequence[Box]) -> list[list[int]]:
    """Group the boxes' indices by row of the sheet, top to bottom, each row left to right; rows may slant a little."""
    middles = np.array([(box.left + box.width / 2, box.top + box.height / 2) for box in boxes]).reshape(-1, 2)
    return _lines_of(middles, usual_height(list(boxes)) if boxes else 0.0)


def columns_of(boxes: Sequence[Box]) -> list[list[int]]:
    """Group the boxes' indices by column, left to right, each column top to bottom."""
    middles = np.array([(box.top + box.height / 2, box.left + box.width / 2) for box in boxes]).reshape(-1, 2)
    return _lines_of(middles, usual_height(list(boxes)) if boxes else 0.0)


def _lines_of(middles: np.ndarray, height: float) -> list[list[int]]:
    """Group points (n, 2), as (along, across), by the line they are on; lines are at least half a height apart."""
    along, across = middles.T
    level = across - _slant(middles, height) * along
    lines: list[list[int]] = []
    for index in np.argsort(level, kind="stable"):
        if lines and level[index] - np.mean(level[lines[-1]]) <= _SAME_LINE * height:
            lines[-1].append(int(index))
        else:
            lines.append([int(index)])
    return [sorted(line, key=lambda index: (along[index], index)) for line in lines]


def _slant(middles: np.ndarray, height: float) -> float:
    """Return how much lines of points (n, 2) descend along their way: the median over each point and its next one."""
    slopes = []
    for point in middles:
        ahead, aside = (middles - point).T
        nexts = np.flatnonzero((ahead > _SAME_LINE * height) & (abs(aside) < _STEEPEST * ahead))
        if nexts.size:
            nearest = nexts[np.argmin(ahead[nexts] + 3 * abs(aside[nexts]))]
            slopes.append(aside[nearest] / ahead[nearest])
    return float(np.median(slopes)) if slopes else 0.0


def _reading_order(boxes: list[Box]) -> list[Box]:
    return [boxes[index] for row in rows_of(boxes) for index in row]
