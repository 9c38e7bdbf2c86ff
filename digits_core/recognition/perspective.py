"""A sheet of paper as if seen from straight above: its four corners, or the lines printed on it, undo the view.

A homography is a (3, 3) matrix that takes points (x, y, 1) of one picture to those of another.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

_INSET = 0.006  # of the sides, cut off with the paper's edge
_TURNS = np.arange(-0.2, 0.2001, 0.0125)  # slopes that lines are looked for in
_TILE = 96  # pixels at half the size
_FAINT = 0.25  # contrast is capped at this: printed lines shall count like ink
_CLEAR = 2.0  # how much clearer the lines of a tile are at their slope than at the usual one
_FEWEST_TILES = 6


def upright(corners: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the homography that makes the quadrilateral (4, 2) a rectangle, and the rectangle's width and height."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    inset = np.array([-_INSET * width, -_INSET * height])
    box = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + inset
    size = round(width * (1 - 2 * _INSET)), round(height * (1 - 2 * _INSET))
    return _four_points(corners, box), size


def level(values: np.ndarray) -> np.ndarray:
    """Return the homography (3, 3) that makes the lines on paper level and plumb; `values` is their contrast (H, W).

    Lines that are parallel on paper meet in one vanishing point of the picture. If no lines are seen, it is the
    identity: handwriting alone says too little.
    """
    small = np.clip(values, 0, _FAINT)
    small = (small[:-1:2, :-1:2] + small[1::2, :-1:2] + small[:-1:2, 1::2] + small[1::2, 1::2]) / 4
    across, turned = _vanishing_point(small), _vanishing_point(small.T)
    # If only one is seen, the other is perpendicular to it as seen in the middle.
    if turned is not None:
        down = turned[[1, 0, 2]]
        across = np.array([down[1], -down[0], 0.0]) if across is None else across
    elif across is not None:
        down = np.array([-across[1], across[0], 0.0])
    else:
        return np.eye(3)
    half = np.array([values.shape[1] / 2, values.shape[0] / 2])
    to_middle = np.array([[1 / half[0], 0, -1], [0, 1 / half[0], -half[1] / half[0]], [0, 0, 1]])
    return np.linalg.inv(to_middle) @ _to_infinity(across, down) @ to_middle


def warp(image: Image.Image, transform: np.ndarray, size: tuple[int, int], beyond: int | None = None) -> Image.Image:
    """Apply a homography and crop to (width, height); `beyond` fills what lies outside, by default the median tone."""
    if image.size == size and np.allclose(transform, np.eye(3)):
        return image
    back = np.linalg.inv(transform)
    back = (back / back[2, 2]).reshape(-1)[:8].tolist()
    if beyond is None:
        beyond = round(float(np.median(np.asarray(image)[::8, ::8])))
    low, high = image.getextrema()
    # Of one tone, there is nothing between pixels to work out.
    sampling = Image.Resampling.NEAREST if low == high else Image.Resampling.BICUBIC
    return image.transform(size, Image.Transform.PERSPECTIVE, back, sampling, fillcolor=beyond)


def _four_points(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the homography that takes four (x, y) points to four others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.append(np.linalg.solve(np.array(rows), target.reshape(-1)), 1.0).reshape(3, 3)


def _vanishing_point(small: np.ndarray) -> np.ndarray | None:
    """Return where nearly level lines of (h, w) contrast meet: (x, y, w), origin in the middle, half the width 1.

    Each line is given by the slope at which the lines of one tile are sharpest; the point nearest to all of them is
    the eigenvector of the least eigenvalue, reweighted until stray tiles count for nothing.
    """
    height, width = small.shape
    places, slopes = _slopes(small)
    if len(slopes) < _FEWEST_TILES:
        return None
    x, y = (places - np.array([width, height]) / 2).T / (width / 2)
    lines = np.column_stack([slopes, -np.ones_like(slopes), y - slopes * x]) / np.hypot(1, slopes)[:, None]
    steady = abs(slopes - np.median(slopes)) < 0.06
    weights = steady.astype(float)
    for _ in range(12):
        point = np.linalg.eigh((lines * weights[:, None]).T @ lines)[1][:, 0]
        # The error of each slope, as seen from its tile.
        toward = point[:2] - point[2] * np.column_stack([x, y])
        error = abs(lines @ point) / np.maximum(np.linalg.norm(toward, axis=1), 1e-9)
        weights = 1 / (1 + (error / 0.004) ** 2) ** 2
    if (error < 0.01).sum() < max(_FEWEST_TILES, 0.5 * len(slopes)):
        return None
    return point if abs(point[0]) > 3 * abs(point[2]) else None  # photos are not taken at such a slant


def _slopes(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles (T, 2) as (x, y) of the tiles in which nearly level lines are seen, and their slopes (T,)."""
    rows, columns = small.shape[0] // _TILE, small.shape[1] // _TILE
    if not rows or not columns:
        return np.zeros((0, 2)), np.zeros(0)
    small = small[: rows * _TILE, : columns * _TILE]
    # Cumulative sums from the left: the sum over columns of a tile that move alike is a difference of two of them.
    sums = np.pad(np.cumsum(small, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    y = np.arange(small.shape[0])
    from_middle = np.arange(_TILE) - (_TILE - 1) / 2
    found = []
    for slope in _TURNS:
        moves = np.rint(slope * from_middle).astype(int)
        begins = np.flatnonzero(np.diff(moves, prepend=moves[0] - 1))
        profile = np.zeros((len(y), columns))
        for begin, end in zip(begins, [*begins[1:], _TILE], strict=True):
            part = sums[:, end::_TILE][:, :columns] - sums[:, begin::_TILE][:, :columns]
            profile += part[np.clip(y + moves[begin], 0, len(y) - 1)]
        profile /= _TILE
        profile -= ndimage.uniform_filter1d(profile, 9, axis=0)
        found.append(np.square(profile).reshape(rows, _TILE, columns).sum(axis=1))
    clearness = np.stack(found)  # (S, rows, columns)
    best = clearness[1:-1].argmax(axis=0) + 1
    below, at, above = (np.take_along_axis(clearness, best[None] + step, 0)[0] for step in (-1, 0, 1))
    peak = np.clip((below - above) / np.minimum(2 * (below - 2 * at + above), -1e-12), -0.5, 0.5)
    slopes = _TURNS[best] + peak * (_TURNS[1] - _TURNS[0])
    clear = (at > _CLEAR * np.median(clearness, axis=0)) & (at > np.maximum(below, above))
    row, column = np.nonzero(clear)
    return (np.column_stack([column, row]) + 0.5) * _TILE, slopes[clear]


def _to_infinity(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return the homography that sends one vanishing point to where level lines meet, the other to where plumb do."""
    horizon = np.cross(across, down)
    if abs(horizon[2]) < 1e-6:
        return np.eye(3)
    flatten = np.eye(3)
    flatten[2] = horizon / horizon[2]
    along, plumb = (flatten @ across)[:2], (flatten @ down)[:2]
    along, plumb = along / np.linalg.norm(along) * np.sign(along[0]), plumb / np.linalg.norm(plumb) * np.sign(plumb[1])
    turn = np.eye(3)
    turn[:2, :2] = np.linalg.inv(np.column_stack([along, plumb]))
    return turn @ flatten
