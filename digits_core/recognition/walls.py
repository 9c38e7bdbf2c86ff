"""The plumb strokes in a picture that may be the walls of printed boxes, and which of them are in one row."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FEWEST = 3
"""Cells of a row: one printed frame, or two, may be the cell of a puzzle that was cut out."""

SHORTEST = 8
"""Pixels of a wall."""

_THICKEST = 0.12  # of its height
_MOST = 400  # strokes that are looked at, the tallest first
_ALIKE = 0.1  # of a wall's height: how far apart the tops, and the bottoms, of two walls may be
_STEEPEST = 0.06  # slope of a base line that may be levelled, 3.4°
_NEXT = 6.0  # wall heights from one wall to the next; a tick is half as high as its cell, or less


def runs_down(dark: np.ndarray) -> np.ndarray:
    """Return how many dark pixels there are in a row down each column, int (H, W), at each of them."""
    rows = np.arange(len(dark), dtype=np.int32)[:, None]
    before = np.maximum.accumulate(np.where(dark, -1, rows), axis=0)
    after = np.minimum.accumulate(np.where(dark, len(dark), rows)[::-1], axis=0)[::-1]
    return np.where(dark, after - before - 1, 0)


def strokes(mask: np.ndarray) -> np.ndarray:
    """Return the top and the bottom of each thin plumb stroke as (x, y), (n, 2, 2), from left to right."""
    any_ink = np.asarray(mask.any(axis=0))
    if np.count_nonzero(any_ink[1:] & ~any_ink[:-1]) < FEWEST:  # quickly, for most pictures show no forms
        return np.zeros((0, 2, 2))
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.reshape(-1))
    found = []
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        tall = rows.stop - rows.start
        thick = sizes[index] / tall
        bent = columns.stop - columns.start > thick + _STEEPEST * tall + 2
        if tall < SHORTEST or thick > 3 + _THICKEST * tall or bent:
            continue
        part = labels[rows, columns] == index
        third = max(1, tall // 3)
        ends = [float(np.nonzero(half)[1].mean()) if half.any() else 0.0 for half in (part[:third], part[-third:])]
        lean = (ends[1] - ends[0]) / max(1, tall - third)
        middle = columns.start + sum(ends) / 2
        found.append([[middle - lean * tall / 2, rows.start], [middle + lean * tall / 2, rows.stop - 1]])
    walls = np.array(found).reshape(-1, 2, 2)
    walls = walls[np.argsort(walls[:, 0, 1] - walls[:, 1, 1])[:_MOST]]
    return walls[np.argsort(walls[:, 1, 0])]


def groups_of(walls: np.ndarray) -> list[np.ndarray]:
    """Return the indices of the walls of each row: their tops and bottoms lie on one line each."""
    if len(walls) <= FEWEST:
        return []
    x, top, bottom = walls[:, 1, 0], walls[:, 0, 1], walls[:, 1, 1]
    tall = bottom - top
    least = np.minimum(tall[:, None], tall)
    away = abs(x[:, None] - x)
    linked = (away < _NEXT * least) & (abs(tall[:, None] - tall) < 1.5 * _ALIKE * least + 2)
    for end in (top, bottom):
        linked &= abs(end[:, None] - end) < _ALIKE * least + 1 + _STEEPEST * away
    groups, left = [], np.ones(len(walls), bool)
    for seed in np.argsort(-linked.sum(axis=1)):
        if not left[seed]:
            continue
        group = linked[seed] & left
        while (more := linked[group].any(axis=0) & left).sum() > group.sum():
            group = more
        left &= ~group
        indices = np.flatnonzero(group)
        for end in (top, bottom):  # those that are not on the line of the others are strokes of digits
            if len(indices) > FEWEST:
                line = line_through(x[indices], end[indices])
                indices = indices[abs(np.polyval(line, x[indices]) - end[indices]) < _ALIKE * tall[indices] + 1]
        if len(indices) > FEWEST:
            groups.append(indices)
    return groups


def line_through(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return slope and offset of the line through points, strays counting for nothing (Theil and Sen)."""
    one, other = np.triu_indices(len(x), 1)
    apart = x[other] - x[one]
    far = apart > max(1.0, 0.2 * np.ptp(x))
    slope = float(np.median((y[other] - y[one])[far] / apart[far])) if far.any() else 0.0
    return np.array([slope, np.median(y - slope * x)])
