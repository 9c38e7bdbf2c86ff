"""Find rows of printed boxes, as on forms: `find_combs` gives their walls, base lines and cells.

Walls are plumb within few degrees, have the same top and the same bottom, and stand on a printed line: they share
it as the boxes of one row, each box has its own, or they are ticks on a base line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from digits_core.recognition.segment import Box
from digits_core.recognition.walls import FEWEST, SHORTEST, groups_of, line_through, runs_down, strokes

_FLOORS = (0.06, 0.12, 0.24)  # of the paper's light: pale print needs a low floor, blurred print a high one
_ALONG = 5  # pixels along a printed line over which it is smoothed
_REGULAR = 0.7  # of the walls of a row were seen: letters, and strokes of digits, are less regular
_OF_ONE_FORM = 1.5  # the cells of one row are at most this many times as high, and as wide, as those of another
_PRINTED = 0.8  # of a cell's width along which its base line is seen
_CORNERED = 0.7  # of the cells have corners, also where a corner is worn or blurred
_PRINTED_INSIDE = 0.95  # of a row's width, for a line between two rows: touching digits are not a line
_NEAR = 0.04  # of a cell's height: how far from its expected place a further row's line may be
_GAP = 0.25  # of a cell's width: how much of such a line may be hidden by ink or worn away
_FURTHER = 0.1  # of its width: how much wider or narrower the cells of a further row may be
_SAME = 0.25  # of the usual width: how much the widths of cells may differ
_NARROWEST, _WIDEST = 0.4, 3.5  # a cell's width in wall heights
_LOW = 0.5  # of the highest row of cells: what is lower is a gap between two rows
_TICK_HEIGHT, _TICK_WIDTH = 2.0, 1.0  # a digit over ticks is as high as this many ticks, or cell widths


@dataclass(frozen=True)
class Comb:
    """A row of boxes, or several rows that share their walls.

    walls: (n, 2, 2), the top and the bottom of each as (x, y); cells: (m, 2), which walls are left and right of each;
    levels: where level lines cross the walls, from 0 (top) to 1 (bottom); regular: the number of cells times the share
    of their walls that were seen, less half the strokes that do not fit.
    """

    walls: np.ndarray
    cells: np.ndarray
    levels: tuple[float, ...]
    regular: float = 0.0

    @property
    def height(self) -> float:
        """The height of a cell in pixels."""
        tall = float(np.median(np.linalg.norm(self.walls[:, 1] - self.walls[:, 0], axis=1)))
        if len(self.levels) == 1:
            return max(_TICK_HEIGHT * tall, _TICK_WIDTH * self.width)
        return tall * max(np.diff(self.levels))

    @property
    def width(self) -> float:
        """The width of a cell in pixels."""
        bottoms = self.walls[self.cells, 1]
        return float(np.median(np.linalg.norm(bottoms[:, 1] - bottoms[:, 0], axis=1)))

    def is_as_large_as(self, other: Comb) -> bool:
        """Return True if the cells of both are, within `_OF_ONE_FORM`, as high and as wide."""
        sizes = np.array([[self.height, self.width], [other.height, other.width]])
        return bool((sizes.max(axis=0) < _OF_ONE_FORM * sizes.min(axis=0)).all())

    def overlaps(self, other: Comb) -> bool:
        """Return True if the two overlap, at least in part."""
        mine, others = (each.walls.reshape(-1, 2) for each in (self, other))
        return bool((mine.min(axis=0) < others.max(axis=0)).all() and (others.min(axis=0) < mine.max(axis=0)).all())

    def covers(self, other: Comb) -> bool:
        """Return True if cells of both, which may be higher than their walls, lie in the same place."""
        mine, others = self.walls[:, 1], other.walls[:, 1]
        if mine[0, 0] >= others[-1, 0] or others[0, 0] >= mine[-1, 0]:
            return False
        middle = (max(mine[0, 0], others[0, 0]) + min(mine[-1, 0], others[-1, 0])) / 2
        apart = np.interp(middle, mine[:, 0], mine[:, 1]) - np.interp(middle, others[:, 0], others[:, 1])
        return bool(abs(apart) < max(self.height, other.height))

    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the unit vectors (x, y) along the base line and down the walls."""
        along = self.walls[-1].mean(axis=0) - self.walls[0].mean(axis=0)
        down = np.median(self.walls[:, 1] - self.walls[:, 0], axis=0)
        return along / np.linalg.norm(along), down / np.linalg.norm(down)

    def moved(self, transform: np.ndarray) -> Comb:
        """Return the comb after an affine map (3, 3)."""
        return replace(self, walls=self.walls @ transform[:2, :2].T + transform[:2, 2])

    def apart(self) -> np.ndarray:
        """Return how far each wall is from the nearest other one, in pixels (n,)."""
        gaps = np.diff(self.walls[:, 1, 0])
        return np.minimum(np.append(gaps, np.inf), np.append(np.inf, gaps))

    def rails(self) -> list[np.ndarray]:
        """Return the two ends of each level line as (x, y), (2, 2), from the left to the right."""
        tops, bottoms = self.walls[:, 0], self.walls[:, 1]
        return [(tops + level * (bottoms - tops))[[0, -1]] for level in self.levels]

    def boxes(self) -> list[Box]:
        """Return the cells in reading order; the picture must be level."""
        found = []
        bands: list[tuple[float, float] | None] = [*zip(self.levels[:-1], self.levels[1:], strict=True)] or [None]
        highest = max(np.diff(self.levels), default=1.0)
        for band in bands:
            if band is not None and band[1] - band[0] < _LOW * highest:
                continue
            for left, right in self.walls[self.cells]:
                tops, bottoms = np.array([left[0], right[0]]), np.array([left[1], right[1]])
                if band is None:
                    top, bottom = bottoms.mean(axis=0)[1] - self.height, bottoms.mean(axis=0)[1]
                else:
                    top, bottom = ((tops + level * (bottoms - tops)).mean(axis=0)[1] for level in band)
                x = round(left[:, 0].mean()), round(right[:, 0].mean())
                y = max(0, round(top)), max(1, round(bottom))
                found.append(Box(max(0, x[0]), y[0], max(1, x[1] - max(0, x[0])), max(1, y[1] - y[0])))
        return found


def find_combs(values: np.ndarray, noise: float) -> list[Comb]:
    """Return the rows of boxes in a picture's contrast, float32 (H, W), from top to bottom; [] where there are none.

    `noise` is the standard deviation of the contrast on bare paper.
    """
    floors = [floor for floor in _FLOORS if floor > 3 * noise] or [3 * noise]
    best = _of_one_form([comb for floor in floors for comb in _darker_than(values, floor)])
    if best:
        level = ndimage.uniform_filter1d(values, _ALONG, axis=1) > floors[0]
        best += _further_rows(best, level)
    return sorted(best, key=lambda comb: comb.walls[0, 1, 1])


def _darker_than(values: np.ndarray, floor: float) -> Iterator[Comb]:
    """Yield the rows of boxes whose print is darker than some share of the paper's light, some of them repeatedly."""
    plumb, level = (ndimage.uniform_filter1d(values, _ALONG, axis=axis) > floor for axis in (0, 1))
    runs = runs_down(ndimage.maximum_filter1d(plumb.view(np.uint8), 3, axis=1).view(bool))
    shortest = values.shape[0] // 2
    # From long runs to short ones: if walls lean, or print is faint, they are seen in pieces only.
    while shortest >= SHORTEST:
        walls = strokes(runs >= shortest)
        for group in groups_of(walls):
            comb = _comb(walls[group], level)
            if comb is not None and comb.regular >= _REGULAR * len(comb.cells):
                yield comb
        shortest //= 2


def _of_one_form(combs: list[Comb]) -> list[Comb]:
    """Return the surest combs that are about as large as the surest of all, and do not lie in another.

    Many regular and high cells make a comb sure. Similar digits in them look like walls; with these among the walls,
    there are more cells, and a smaller share of them is regular.
    """
    kept: list[Comb] = []
    for comb in sorted(combs, key=lambda each: each.regular**2 / len(each.cells) * each.height, reverse=True):
        if all(comb.is_as_large_as(other) and not comb.overlaps(other) for other in kept):
            kept.append(comb)
    return kept


def _further_rows(combs: list[Comb], level: np.ndarray) -> list[Comb]:
    """Return rows of which no walls were seen, but lines like those of the surest comb, as long as some of its cells.

    level: True where something dark continues to the left and to the right, bool (H, W).
    """
    comb = combs[0]
    across, _ = comb.directions()
    wall = np.median(comb.walls[:, 1] - comb.walls[:, 0], axis=0)
    height, width = comb.height, comb.width
    near = ndimage.maximum_filter1d(level.view(np.uint8), 2 * max(1, round(_NEAR * height)) + 1, axis=0).view(bool)
    origin, found = comb.walls[0, 1], []
    aside = np.arange(-round(origin[0]), level.shape[1] - round(origin[0]))
    for down in range(-round(origin[1]), level.shape[0] - round(origin[1])):
        base = origin + aside[:, None] * across + [0, down]
        seen = _at(near, base)
        if len(comb.levels) > 1:
            seen &= _at(near, base - wall)
        closed = ndimage.binary_closing(seen, np.ones(max(3, round(_GAP * width)), bool))
        labels, count = ndimage.label(closed)
        for first, last in ((each.start, each.stop - 1) for (each,) in ndimage.find_objects(labels, count)):
            cells = round((last - first) / width)
            share = seen[first : last + 1].mean()
            if cells < FEWEST or abs((last - first) / cells / width - 1) > _FURTHER or share < _PRINTED:
                continue
            places = base[first] + np.linspace(0, 1, cells + 1)[:, None] * (base[last] - base[first])
            walls = np.stack([places - wall, places], axis=1)
            pairs = np.column_stack([np.arange(cells), np.arange(1, cells + 1)])
            found.append((float(share * cells), replace(comb, walls=walls, cells=pairs, regular=0.0)))
    kept: list[Comb] = []
    for _, row in sorted(found, key=lambda each: each[0], reverse=True):
        if not any(row.covers(other) for other in (*combs, *kept)):
            kept.append(row)
    return kept


def _at(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the mask (H, W) at points (n, 2) as (x, y); False outside of it."""
    columns, rows = np.rint(points).astype(int).T
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    return np.where(inside, mask[np.clip(rows, 0, mask.shape[0] - 1), np.clip(columns, 0, mask.shape[1] - 1)], False)


def _comb(walls: np.ndarray, level: np.ndarray) -> Comb | None:
    """Return the comb of a group of walls, or None if they do not stand on a printed line, or are too few."""
    walls = walls.copy()
    for end in (0, 1):
        walls[:, end, 1] = np.polyval(line_through(walls[:, 1, 0], walls[:, end, 1]), walls[:, 1, 0])
    tall = float(np.median(walls[:, 1, 1] - walls[:, 0, 1]))
    near = ndimage.maximum_filter1d(level.view(np.uint8), 2 * max(2, round(0.08 * tall)) + 1, axis=0).view(bool)
    based = np.array([_share(near, *pair[:, 1]) >= _PRINTED for pair in _pairs(walls)])
    topped = np.array([_share(near, *pair[:, 0]) >= _PRINTED for pair in _pairs(walls)])
    is_box = topped.sum() >= 0.6 * based.sum()
    seen = walls
    walls, cells = _cells(walls, based | topped if is_box else based, tall)
    if len(cells) < FEWEST or _cornered(walls, cells, level, tall) < _CORNERED:
        return None
    x = walls[cells][:, :, 1, 0]
    share = np.isin(np.unique(x), seen[:, 1, 0]).mean()
    regular = share * len(cells) - 0.5 * (~np.isin(seen[:, 1, 0], x)).sum()
    walls, cells = _prolonged(walls, cells, near, 1)
    used, cells = np.unique(cells, return_inverse=True)  # other strokes are not walls
    walls, cells = walls[used], cells.reshape(-1, 2)
    comb = Comb(walls, cells, (0.0, 1.0) if is_box else (1.0,), float(regular))
    if not is_box:
        return comb
    return replace(comb, levels=_levels(comb, ndimage.maximum_filter1d(level.view(np.uint8), 5, axis=0).view(bool)))


def _pairs(walls: np.ndarray) -> list[np.ndarray]:
    return [walls[index : index + 2] for index in range(len(walls) - 1)]


def _share(near: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Return the share of the way from one point (x, y) to another along which something is printed."""
    steps = max(2, round(abs(end[0] - start[0])))
    points = start + np.linspace(0.12, 0.88, steps)[:, None] * (end - start)
    return float(_at(near, points).mean())


def _cells(walls: np.ndarray, printed: np.ndarray, tall: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the walls again, with those that were missed and without those that are strokes of digits, and the cells.

    `printed` tells between which walls and their next ones there is a line.
    """
    x = walls[:, 1, 0]
    widths = np.diff(x)
    fits = printed & (widths > _NARROWEST * tall) & (widths < _WIDEST * tall)
    if fits.sum() < FEWEST - 1:
        return walls, np.zeros((0, 2), int)
    usual = _usual_width(widths[fits])
    kept, cells = [walls[0]], []
    for index, wall in enumerate(walls[1:]):
        wide = wall[1, 0] - kept[-1][1, 0]
        nexts = walls[index + 2][1, 0] - kept[-1][1, 0] if index + 2 < len(walls) else np.inf
        if _fits(wide, usual) < _SAME and printed[index]:
            cells.append((len(kept) - 1, len(kept)))
            kept.append(wall)
        elif wide < usual and _fits(nexts, usual) < _SAME < _fits(nexts - wide, usual) and printed[index + 1]:
            continue  # a stroke of a digit
        else:
            count = max(1, round(wide / usual)) if printed[index] else 1
            first = kept[-1]
            for part in range(1, count + 1):
                kept.append(first + part / count * (wall - first))
                if count > 1 and _fits(wide / count, usual) < _SAME:
                    cells.append((len(kept) - 2, len(kept) - 1))
    return np.array(kept), np.array(cells, dtype=int).reshape(-1, 2)


def _usual_width(widths: np.ndarray) -> float:
    """Return the width of a cell: that of most intervals between walls, or half of one if a wall was missed."""
    count = np.maximum(1, np.rint(widths / widths[:, None]))  # (n, n), of the widths as candidates
    fits = (abs(widths / count / widths[:, None] - 1) < _SAME / 2) & (count <= 2)
    scores = (fits / count).sum(axis=1)
    return float(np.median(widths[fits[scores.argmax()] & (count[scores.argmax()] == 1)]))


def _fits(width: float, usual: float) -> float:
    """Return by what share of the usual width a width differs from it."""
    return abs(width - usual) / usual


def _prolonged(walls: np.ndarray, cells: np.ndarray, near: np.ndarray, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Return walls and cells with those beyond the first and the last wall, as far as the line continues there."""
    step = np.median(walls[cells[:, 1]] - walls[cells[:, 0]], axis=0)
    while _share(near, walls[0, end] - step[end], walls[0, end]) >= _PRINTED:
        walls = np.concatenate([walls[:1] - step, walls])
        cells = np.concatenate([[[0, 1]], cells + 1])
    while _share(near, walls[-1, end], walls[-1, end] + step[end]) >= _PRINTED:
        walls = np.concatenate([walls, walls[-1:] + step])
        cells = np.concatenate([cells, [[len(walls) - 2, len(walls) - 1]]])
    return walls, cells


def _cornered(walls: np.ndarray, cells: np.ndarray, level: np.ndarray, tall: float) -> float:
    """Return the share of cells whose walls meet the base line in a corner, as the sides of a 0 do not."""
    reach, found = max(3, round(0.15 * tall)), []
    for left, right in walls[cells][:, :, 1]:
        middle = (left + right) / 2
        half = max(1, round(0.2 * (right[0] - left[0])))
        top, at = max(0, round(middle[1]) - reach), round(middle[0])
        seen = level[top : top + 2 * reach + 1, max(0, at - half) : at + half + 1].mean(axis=1)
        if not seen.size or not seen.max() > 0:
            continue
        base = top + np.flatnonzero(seen > 0.5 * seen.max())[-1] - middle[1]
        found.append(
            all(
                level[max(0, round(y + base) - 1) : round(y + base) + 2, max(0, round(x) - 1) : round(x) + 2].any()
                for x, y in (left, right)
            )
        )
    return float(np.mean(found)) if found else 0.0


def _levels(comb: Comb, near: np.ndarray) -> tuple[float, ...]:
    """Return where level lines cross boxes: at their tops and bottoms, and between the rows of several."""
    tops, bottoms = comb.walls[[0, -1], 0], comb.walls[[0, -1], 1]
    steps = max(8, round(float((bottoms - tops)[:, 1].mean())))
    places = np.linspace(0, 1, steps)
    seen = np.array([_share(near, *(tops + place * (bottoms - tops))) >= _PRINTED_INSIDE for place in places])
    seen[[0, -1]] = True
    labels, count = ndimage.label(seen)
    middles = [float(places[labels == index].mean()) for index in range(1, count + 1)]
    return (0.0, *middles[1:-1], 1.0) if count > 2 else (0.0, 1.0)
