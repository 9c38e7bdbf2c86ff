"""Rows of boxed form fields, one digit a box: `find_fields` reads them cell by cell.

Walls come first: plumb strokes with the same top and the same bottom that stand on a printed line. If there are enough
of them, the picture is levelled, the print is removed, and each mark goes to the cell that most of it is in.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from digits_core.data.picture import as_picture, grey
from digits_core.recognition import perspective
from digits_core.recognition.comb import Comb, find_combs
from digits_core.recognition.ink import LEAST_CONTRAST, contrast, soft_ink
from digits_core.recognition.marks import LeftOut
from digits_core.recognition.prepare import WORKING_SIDE, shrunk
from digits_core.recognition.segment import CONNECTED, Box
from digits_core.recognition.sheet import SIDE, Sheet

_SMALLEST_FORM = 100  # pixels of the longest side of a picture in which boxes are looked for
_LARGEST_PIXEL = 2  # pixels to which that of a small picture is enlarged, for walls to be long enough
_WIDEST_STROKE = 0.08  # of the picture's longest side
_CELL = 80  # pixels of a cell's height in the levelled picture: more than a network sees
_SEARCH = 0.12  # of a cell's height: how far from where it was found a printed line may lie in the levelled picture
_PLACES = 100  # along a printed line that are looked at to find out where it is
_EDGE = 0.3  # of its own darkness: where a printed line ends and its soft edge begins
_DARKER = 0.4  # ink over a printed line is darker than the line by this share of what ink usually is
_LEAST_DIGIT = 0.25  # of a cell's height: what is smaller is not a digit
_ITS_OWN = 0.45  # of a cell's height that a mark covers in each of two cells, and
_LEAST_SHARE = 0.25  # of its ink that it has in each: two digits that touch
_INSIDE = 0.5  # of its ink: what has less in a cell is a label, or belongs to something else
_FLAT = 0.2  # of a cell's height: a lower mark is a dash
_TALLEST = 1.6  # cells high: a larger mark was not written into a cell
_TOO_LARGE = 1 / 3  # of the digits: with more of them in such marks, the cells are those of squared paper
_REST = 0.05  # of the ink of the largest mark in its cell: less is dust


def find_fields(picture: Image.Image, name: str = "the picture") -> Sheet | None:
    """Return the digits in rows of boxed form fields, or None if a picture shows no such boxes with digits.

    Empty boxes have no digit. A stroke that crosses the wall of a box stays with the digit that most of it belongs to.
    """
    tones = grey(as_picture(picture, name))
    if max(tones.size) < _SMALLEST_FORM:
        return None
    small = _of_working_size(tones)
    combs = find_combs(*_contrast(small))
    if not combs:
        return None
    image = shrunk(tones, SIDE)
    scale = image.width / small.width
    combs = [comb.moved(np.diag([scale, scale, 1.0])) for comb in combs]
    to_level, size = _levelled(combs, image.size)
    values, noise = _contrast(image)
    seen = perspective.warp(image, to_level, size)
    values = np.asarray(perspective.warp(Image.fromarray(values), to_level, size, beyond=0))
    scale = image.width / tones.width
    from_photo = to_level @ np.diag([scale, scale, 1.0])
    return _read(seen, values, noise, [comb.moved(to_level) for comb in combs], from_photo)


def _of_working_size(tones: Image.Image) -> Image.Image:
    """Return a picture at the size that boxes are looked for in: in a small one, walls are few pixels long."""
    if max(tones.size) >= WORKING_SIDE / _LARGEST_PIXEL:
        return shrunk(tones)
    return tones.resize([_LARGEST_PIXEL * side for side in tones.size], Image.Resampling.BICUBIC)


def _contrast(image: Image.Image) -> tuple[np.ndarray, float]:
    # Forms are printed on light paper, and what is written into three boxes or more has thin strokes.
    return contrast(np.asarray(image), light_on_dark=False, widest=_WIDEST_STROKE)


def _levelled(combs: list[Comb], size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the affine map (3, 3) that makes walls plumb, lines level and cells `_CELL` high, and the new size."""
    comb = max(combs, key=lambda each: len(each.cells))
    across, down = comb.directions()
    turn = np.eye(3)
    turn[:2, :2] = np.linalg.inv(np.column_stack([across, down]))
    width, height = size
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=float) @ turn.T
    low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    scale = min(_CELL / comb.height, SIDE / (high - low).max())
    fit = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1]])
    return fit @ turn, tuple(np.maximum(1, np.round((high - low) * scale)).astype(int).tolist())


def _read(
    seen: Image.Image, values: np.ndarray, noise: float, combs: list[Comb], from_photo: np.ndarray
) -> Sheet | None:
    cells = [cell for comb in combs for cell in comb.boxes()]
    height = float(np.median([cell.height for cell in cells]))
    plan = _plan(cells, values.shape)
    reach = max(2, round(_SEARCH * height))
    lines = [
        # Less than halfway to the next wall: separate boxes have two walls near each other.
        (values, *wall, int(np.clip(near / 2, 2, reach)))
        for comb in combs
        for wall, near in zip(comb.walls, comb.apart(), strict=True)
    ]
    lines += [(values.T, rail[0, ::-1], rail[1, ::-1], reach) for comb in combs for rail in comb.rails()]
    bands = [_band(*line) for line in lines]
    printed = np.zeros(values.shape, bool)
    for (where, *_), band in zip(lines, bands, strict=True):
        target = printed if where is values else printed.T
        target[band[0]] = True
    usual = _usual_ink(values[(plan > 0) & ~printed], noise)
    solid = (values > 0.5 * usual) & ~printed
    drop = printed.copy()
    for (where, *_), (places, dark, half) in zip(lines, bands, strict=True):
        kept, turned = (drop, solid) if where is values else (drop.T, solid.T)
        kept[places] &= ~_is_ink(where[places], turned, places, dark, half, usual, noise)
    clean = np.where(drop | (plan == 0), 0, values)
    near = ndimage.maximum_filter(printed.view(np.uint8), 2 * max(1, round(0.03 * height)) + 1).view(bool)
    ink, owner, too_large = _shared_out(soft_ink(clean, noise), near, cells, height)
    boxes, left_out = _boxes(owner, len(cells), height)
    if not boxes or too_large > _TOO_LARGE * len(boxes):
        return None
    return Sheet(seen, ink, tuple(boxes), from_photo, tuple(left_out))


def _plan(cells: list[Box], shape: tuple[int, ...]) -> np.ndarray:
    """Return the cell that each pixel belongs to, from 1 on, int32 (H, W); 0 outside of them and of their reach."""
    plan = np.zeros(shape, np.int32)
    for grown in (0.3, 0.0):  # the cells themselves last
        for index, cell in enumerate(cells, 1):
            above, aside = round(grown * cell.height), round(grown * cell.width)
            part = plan[max(0, cell.top - above) : cell.bottom + above, max(0, cell.left - aside) : cell.right + aside]
            part[(part == 0) | (grown == 0)] = index
    return plan


Places = tuple[np.ndarray, np.ndarray]


def _band(values: np.ndarray, start: np.ndarray, end: np.ndarray, reach: int) -> tuple[Places, np.ndarray, int]:
    """Find a nearly plumb printed line from `start` to `end`, each (x, y).

    Returns the rows and columns (L, 2·half + 1) of its pixels, how dark it is across (2·half + 1,), and `half`.
    """
    height, width = values.shape
    rows = np.arange(max(0, round(start[1])), min(height, round(end[1]) + 1))
    if len(rows) < 2:
        rows = np.clip(np.array([round(start[1]), round(start[1]) + 1]), 0, height - 1)
    middle = np.interp(rows, [start[1], end[1]], [start[0], end[0]])
    middle = middle + _off_line(values, rows, middle, reach)
    away = np.arange(-reach, reach + 1)
    columns = np.clip(np.rint(middle)[:, None].astype(int) + away, 0, width - 1)
    profile = np.median(values[rows[:, None], columns], axis=0)
    peak = int(profile[reach - 1 : reach + 2].argmax()) + reach - 1
    dark = profile > _EDGE * profile[peak]
    left = right = peak
    while left > 0 and dark[left - 1]:
        left -= 1
    while right < len(dark) - 1 and dark[right + 1]:
        right += 1
    half = min(reach, max(abs(left - reach), abs(right - reach)) + 1)
    columns = np.clip(np.rint(middle)[:, None].astype(int) + np.arange(-half, half + 1), 0, width - 1)
    return (np.broadcast_to(rows[:, None], columns.shape), columns), profile[reach - half : reach + half + 1], half


def _off_line(values: np.ndarray, rows: np.ndarray, middle: np.ndarray, reach: int) -> np.ndarray:
    """Return how far aside (L,) of a nearly plumb line the printed line is, by at most `reach` pixels at either end.

    Print is there nearly all along, however pale, so that no place counts for more than pale print.
    """
    some = np.linspace(0, len(rows) - 1, min(len(rows), _PLACES)).astype(int)
    columns = np.rint(middle[some]).astype(int)[:, None] + np.arange(-reach, reach + 1)
    seen = np.minimum(values[rows[some][:, None], np.clip(columns, 0, values.shape[1] - 1)], LEAST_CONTRAST)  # (L, A)
    share = np.linspace(0, 1, len(some))
    ends = np.arange(-reach, reach + 1)
    first, last = (each.reshape(-1) for each in np.meshgrid(ends, ends))
    aside = np.rint(first + share[:, None] * (last - first)).astype(int)  # (L, A²)
    score = np.take_along_axis(seen, aside + reach, axis=1).mean(axis=0) - 1e-6 * (abs(first) + abs(last))
    best = int(score.argmax())
    return np.linspace(first[best], last[best], len(rows))


def _is_ink(
    values: np.ndarray, solid: np.ndarray, places: Places, dark: np.ndarray, half: int, usual: float, noise: float
) -> np.ndarray:
    """Return which pixels of a printed line (L, B) are ink written over it: darker, or between ink on both sides."""
    peak = float(dark.max())
    darker = values > peak + max(_DARKER * (usual - peak), _DARKER * peak / 2, 4 * noise)
    rows, columns = places[0][:, 0], places[1]
    far = solid.shape[1] - 1
    sides = []
    for edge, way in ((columns[:, 0], -1), (columns[:, -1], 1)):
        touched = np.any([solid[rows, np.clip(edge + way * step, 0, far)] for step in (1, 2)], axis=0)
        sides.append(ndimage.maximum_filter1d(touched.view(np.uint8), 2 * half + 1).view(bool))
    return (darker | (sides[0] & sides[1])[:, None]) & (values > 0.5 * usual)


def _usual_ink(inside: np.ndarray, noise: float) -> float:
    marks = inside[inside > max(0.12, 6 * noise)]
    return float(np.percentile(marks, 70)) if marks.size else 1.0


def _shared_out(
    ink: np.ndarray, near: np.ndarray, cells: list[Box], height: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Give each mark to a cell.

    Returns the ink (H, W) in which digits of different cells do not touch, the cell that owns each pixel of it, int32
    (H, W), and how many cells have a part of a mark that is too large for cells.
    """
    labels, count = ndimage.label(ink >= CONNECTED, structure=np.ones((3, 3)))
    owner, too_large = np.zeros(ink.shape, np.int32), 0
    core = np.zeros(ink.shape, np.int32)
    for index, cell in enumerate(cells, 1):
        cell.crop(core)[:] = index
    sizes = np.bincount(labels.reshape(-1), weights=ink.reshape(-1), minlength=count + 1)
    at_print = np.bincount(labels.reshape(-1), weights=(ink * near).reshape(-1), minlength=count + 1)
    for index, where in enumerate(ndimage.find_objects(labels), 1):
        if at_print[index] > 0.75 * sizes[index]:
            continue
        mark = labels[where] == index
        inside = np.bincount(core[where][mark], weights=ink[where][mark], minlength=len(cells) + 1)
        inside[0] = 0
        if inside.sum() < _INSIDE * sizes[index]:
            continue
        tall = where[0].stop - where[0].start
        own = [
            cell
            for cell in np.flatnonzero(inside)
            if _has_own(mark, core[where] == cell, height) and inside[cell] > _LEAST_SHARE * inside.max()
        ]
        if tall > _TALLEST * height:
            too_large += len(own)
        if len(own) < 2:
            owner[where][mark] = inside.argmax()
        else:
            middles = np.array([cells[cell - 1].left + cells[cell - 1].width / 2 for cell in own])
            columns = np.arange(where[1].start, where[1].stop)
            nearest = np.array(own)[abs(columns[:, None] - middles).argmin(axis=1)]
            owner[where][mark] = np.broadcast_to(nearest, mark.shape)[mark]
    owner = _without_dust(owner, labels, ink, len(cells))
    grown = ndimage.maximum_filter(owner, 3)
    least = ndimage.minimum_filter(np.where(owner > 0, owner, len(cells) + 1), 3)
    apart = (grown > 0) & (grown == least)
    return np.where(apart, ink, 0).astype(np.uint8), np.where(apart, owner, 0), too_large


def _has_own(mark: np.ndarray, cell: np.ndarray, height: float) -> bool:
    """Return True if enough of a mark lies in a cell for it to be a digit there."""
    rows = np.flatnonzero((mark & cell).any(axis=1))
    return bool(rows.size) and rows[-1] - rows[0] + 1 >= _ITS_OWN * height


def _without_dust(owner: np.ndarray, labels: np.ndarray, ink: np.ndarray, cells: int) -> np.ndarray:
    """Return the owners without the marks that are tiny next to the largest one in their cell."""
    key = owner.astype(np.int64) * (labels.max() + 1) + labels
    pieces, which = np.unique(key, return_inverse=True)
    which = which.reshape(-1)
    weight = np.bincount(which, weights=ink.reshape(-1).astype(float))
    of = (pieces // (labels.max() + 1)).astype(int)
    largest = np.zeros(cells + 1)
    np.maximum.at(largest, of, weight)
    small = (weight < _REST * largest[of]) | (of == 0)
    return np.where(small[which].reshape(owner.shape), 0, owner)


def _boxes(owner: np.ndarray, cells: int, height: float) -> tuple[list[Box], list[LeftOut]]:
    """Return the boxes of the digits in the order of the cells, and those of the marks that are not digits."""
    boxes, left_out = [], []
    for where in ndimage.find_objects(owner, max_label=cells):
        if where is None:
            continue
        box = Box(where[1].start, where[0].start, where[1].stop - where[1].start, where[0].stop - where[0].start)
        if max(box.width, box.height) < _LEAST_DIGIT * height:
            left_out.append(LeftOut(box, "a speck"))
        elif box.height < _FLAT * height:
            left_out.append(LeftOut(box, "a dash"))
        else:
            boxes.append(box)
    return boxes, left_out
