"""Printed lines (ruled and squared paper, margins, tables) taken out of a sheet's contrast, strokes across them kept.

A line is told from a stroke by its length: along it the paper is darker nearly everywhere over several strips of the
sheet, each wider than a digit's bar. The sheet is straightened before, so lines are level or plumb within few degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage
from skimage.measure import label, regionprops

_STRIP, _HOP, _STEP = 96, 32, 3  # pixels along a line: width of a strip, from one strip to the next, between samples
_PRESENCE = 30  # a line is as dark as this percentile along a strip: gaps and noise may take as much
_FAINTEST = 0.02  # share of the paper's light
_OUTSTANDING = 6.0  # standard deviations by which a line is darker than the noise of such percentiles
_SHORTEST = 0.15  # of the sheet's longest side that a line is long
_ALONE, _REPEATED = 0.5, 0.3  # of the sheet's side that a line, or one with another like it, is long: strokes are not
_BREAK = 16  # pixels: printed lines are not interrupted for so long, strokes of digits in a row or column are
_FEWEST_ALIKE, _ALL_ALONG = 2, 0.12  # of a table's lines; of a short line may be less dark
_HALF = 4  # pixels on either side of a line's middle that are looked at
_OPAQUE = 0.4  # ink over a line is darker than the line by this share of what ink usually is
_UNEVEN = 0.25  # a line may be darker than usual by this share of its darkness
_ON_LINES = 0.75  # of its pixels: a mark that lies nearly whole on a printed line may be a remnant of it
_AS_DARK = 1.5  # times the line's darkness: what is not darker is a remnant
_SLIVER = 2.0  # pixels of width that a stroke has at least
_LEANINGS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # pixels aside per pixel down, of strokes that are joined again


@dataclass(frozen=True)
class _Line:
    """A nearly level line: the row in the middle (C,) and how dark it is (2·_HALF + 1, C) at each of its columns."""

    columns: np.ndarray
    middles: np.ndarray
    darkness: np.ndarray

    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and columns (2·_HALF + 1, C) of the pixels around it."""
        rows = self.middles + np.arange(-_HALF, _HALF + 1)[:, None]
        return rows, np.broadcast_to(self.columns, rows.shape)


def without_lines(values: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return contrast, float32 (H, W), without printed lines: 0 where only they were, unchanged where ink crosses them.

    The second array (H, W) tells how dark the printed line at or next to each pixel was, 0 where there was none.
    """
    printed = np.zeros_like(values)
    for _ in range(2):  # of two lines close to each other only the darker one is seen at first
        level, plumb = _lines(values), _lines(_turned(values))
        level, plumb = level + _within(plumb, values), plumb + _within(level, _turned(values))
        ink = _usual_ink(values, level, plumb, noise)
        for lines, map_of_lines in ((level, printed), (plumb, printed.T)):
            for line in lines:
                band = line.band()
                map_of_lines[band] = np.maximum(map_of_lines[band], line.darkness.max(axis=0))
        if level:
            values = _without(values, level, ink, noise)
        if plumb:
            values = _turned(_without(_turned(values), plumb, ink, noise))
    return values, printed


def rests_of_lines(labels: np.ndarray, sides: np.ndarray, values: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Return which marks are remnants of printed lines, bool (N,).

    A one may be written along a line, but is darker than it, and not a sliver.

    Args:
        labels: int (H, W), the mark that each pixel belongs to, 0 for none.
        sides: (N,), the longest side of each mark.
        values: the contrast without lines, float32 (H, W).
        printed: how dark the printed line at each pixel was, float32 (H, W).
    """
    flat = labels.reshape(-1)
    sizes = np.maximum(np.bincount(flat, minlength=len(sides)), 1)
    on_lines = np.bincount(flat, weights=(printed > 0).reshape(-1), minlength=len(sides)) / sizes
    darkness, line = (
        np.bincount(flat, weights=each.reshape(-1), minlength=len(sides)) / sizes for each in (values, printed)
    )
    faint = darkness < _AS_DARK * line / np.maximum(on_lines, 0.01)
    return (on_lines > _ON_LINES) & (faint | (sizes < _SLIVER * sides))


def _turned(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values.T)


def _lines(values: np.ndarray) -> list[_Line]:
    """Find the level lines of (H, W) contrast."""
    height, width = values.shape
    if height <= 2 * _HALF + 2 or width < 2 * _STRIP:
        return []
    smooth = ndimage.uniform_filter1d(values, 5, axis=1)
    strength = _along(ndimage.maximum_filter1d(smooth, 3, axis=0))  # (H, S)
    peaks = _ridges(strength)
    peaks = np.pad(ndimage.binary_dilation(peaks, np.ones((3, 1))), ((0, 0), (2, 2)))
    peaks = ndimage.binary_closing(peaks, np.ones((1, 4)))[:, 2:-2]
    fewest = (_SHORTEST * max(values.shape) - _STRIP / 2) / _HOP
    parts = [part for part in regionprops(label(peaks, connectivity=2)) if part.bbox[3] - part.bbox[1] >= fewest]
    lines = [_line(part.coords, values, smooth, strength) for part in parts]
    return _long([line for line in lines if line is not None], width)


def _long(lines: list[_Line], width: int) -> list[_Line]:
    """Return the lines that are too long for a stroke of a digit: most of the sheet, or repeated."""
    return [
        line
        for line in lines
        if len(line.columns) >= _ALONE * width
        or (len(line.columns) >= _REPEATED * width and any(_alike(line, other) for other in lines if other is not line))
    ]


def _ridges(strength: np.ndarray) -> np.ndarray:
    """Mark where (H, S) values are the highest around, above the noise and above what lies over and under them."""
    noise = 1.4826 * float(np.median(abs(strength - np.median(strength))))
    beside = np.maximum(np.roll(strength, 7, axis=0), np.roll(strength, -7, axis=0))
    stands_out = strength - np.maximum(beside, 0) > max(_FAINTEST, _OUTSTANDING * noise)
    return stands_out & (strength >= ndimage.maximum_filter1d(strength, 7, axis=0))


def _within(others: list[_Line], values: np.ndarray) -> list[_Line]:
    """Find the level lines of a narrow table, which are too short to be told from strokes anywhere else.

    `others` are its plumb lines: at least two that begin and end alike, but not with the sheet.
    """
    tables: list[list[_Line]] = []
    for line in others:
        if len(line.columns) > 0.9 * values.shape[0]:
            continue
        table = next((table for table in tables if _alike(table[0], line)), None)
        if table is None:
            tables.append([line])
        else:
            table.append(line)
    found = []
    for table in tables:
        left, right = (int(end([line.middles.mean() for line in table])) for end in (min, max))
        top, bottom = min(line.columns[0] for line in table), max(line.columns[-1] for line in table)
        if len(table) < _FEWEST_ALIKE or not 3 * _HALF < right - left < 2 * _SHORTEST * max(values.shape):
            continue
        found += _short_lines(values, slice(max(0, top - 12), bottom + 12), left, right)
    return found


def _alike(one: _Line, other: _Line) -> bool:
    return max(abs(one.columns[0] - other.columns[0]), abs(one.columns[-1] - other.columns[-1])) < _STRIP / 4


def _short_lines(values: np.ndarray, rows: slice, left: int, right: int) -> list[_Line]:
    """Find the level lines from one column to another that are dark nearly all along, in some of the rows."""
    part = ndimage.maximum_filter1d(ndimage.uniform_filter1d(values[rows, left : right + 1], 3, axis=1), 5, axis=0)
    strength = np.quantile(part, _ALL_ALONG, axis=1)[:, None]
    middles = np.flatnonzero(_ridges(strength)) + rows.start
    columns = np.arange(max(0, left - 3), min(values.shape[1], right + 4))
    lines = []
    for middle in np.clip(middles, _HALF, values.shape[0] - 1 - _HALF):
        band = values[middle - _HALF : middle + _HALF + 1, columns]
        darkness = np.broadcast_to(np.median(band, axis=1, keepdims=True).clip(min=0), band.shape)
        lines.append(_Line(columns, np.full(len(columns), middle), darkness.astype(np.float32)))
    return lines


def _along(values: np.ndarray) -> np.ndarray:
    """Return how dark at least most of each strip is: the percentile `_PRESENCE` of (R, C) values, (R, S)."""
    samples = sliding_window_view(values[:, ::_STEP], _STRIP // _STEP, axis=1)[:, :: _HOP // _STEP]
    rank = _PRESENCE * (_STRIP // _STEP) // 100
    return np.partition(samples, rank, axis=2)[:, :, rank]


def _strip_middles(count: int) -> np.ndarray:
    return np.arange(count) * (_HOP // _STEP) * _STEP + _STRIP / 2


def _line(places: np.ndarray, values: np.ndarray, smooth: np.ndarray, strength: np.ndarray) -> _Line | None:
    """Fit the line through places (P, 2) of (row, strip), as long as it is seen."""
    height, width = values.shape
    strips = np.unique(places[:, 1])
    rows = np.array([places[places[:, 1] == strip, 0].mean() for strip in strips])
    at = _strip_middles(strength.shape[1])[strips]
    smooth_rows = ndimage.median_filter(rows, 5, mode="nearest")
    # Beyond the middles of its first and last strip it may go on as far as it is seen.
    columns = np.arange(max(0, int(at[0]) - _STRIP), min(width, int(at[-1]) + _STRIP))
    middles = np.interp(columns, at, smooth_rows)
    if len(at) > 3:
        for end, outside in ((slice(0, 4), columns < at[0]), (slice(-4, None), columns > at[-1])):
            fit = np.polyfit(at[end], smooth_rows[end], 1)
            middles[outside] = np.polyval(fit, columns[outside])
    middles = np.clip(np.rint(middles).astype(int), _HALF, height - 1 - _HALF)
    dark = np.max([smooth[middles + away, columns] for away in (-1, 0, 1)], axis=0)
    usual = np.median(strength[np.rint(rows).astype(int), strips])
    seen = ndimage.uniform_filter1d((dark > 0.5 * usual).astype(np.float32), 15) > 0.5
    gone = np.flatnonzero(~seen)
    first = max(gone[columns[gone] < at[0]] + 1, default=0)
    last = min(gone[columns[gone] > at[-1]], default=len(columns))
    if last - first < _STRIP + 2 * _HOP:
        return None
    if _is_broken(dark[first:last] > 0.5 * usual, _ALONE * width):
        return None
    columns, middles = columns[first:last], middles[first:last]
    band = values[middles + np.arange(-_HALF, _HALF + 1)[:, None], columns]
    levels = np.maximum(_along(band), 0)  # (9, S)
    darkness = np.stack([np.interp(np.arange(len(columns)), _strip_middles(levels.shape[1]), row) for row in levels])
    return _Line(columns, middles, darkness.astype(np.float32))


def _is_broken(dark: np.ndarray, long: float) -> bool:
    """Return True for strokes of several digits in a row: there are breaks, and no piece between is long.

    `dark`, bool (C,), says where along it there is ink.
    """
    inked = np.flatnonzero(dark)
    breaks = np.flatnonzero(np.diff(inked) > _BREAK)
    if not len(breaks):
        return False
    firsts, lasts = inked[np.r_[0, breaks + 1]], inked[np.r_[breaks, -1]]
    return bool((lasts - firsts).max() < long)


def _usual_ink(values: np.ndarray, level: list[_Line], plumb: list[_Line], noise: float) -> float:
    """Return how dark ink usually is, measured next to the lines."""
    beside = values.copy()
    for line in level:
        beside[line.band()] = 0
    for line in plumb:
        beside[line.band()[::-1]] = 0
    marks = beside[beside > max(0.12, 6 * noise)]
    return float(np.percentile(marks, 70)) if marks.size else 1.0


def _without(values: np.ndarray, lines: list[_Line], ink: float, noise: float) -> np.ndarray:
    """Remove these level lines from the contrast; strokes that they would cut are joined again."""
    result, taken = values.copy(), np.zeros(values.shape, dtype=bool)
    for line in lines:
        band = line.band()
        dark = ndimage.maximum_filter1d(line.darkness, 3, axis=0)  # a line may wander by a pixel
        printed = dark > max(0.25 * float(np.median(dark[_HALF])), noise)
        over = values[band] > dark + np.maximum(np.maximum(_OPAQUE * (ink - dark), _UNEVEN * dark), 4 * noise)
        drop = printed & ~over
        rows, columns = band[0][drop], band[1][drop]
        result[rows, columns] = 0
        taken[rows, columns] = True
    _mend(result, taken, values, 0.4 * ink)
    return result


def _mend(result: np.ndarray, taken: np.ndarray, values: np.ndarray, floor: float) -> None:
    """Give back, in place, what was `taken` between ink above and ink below and is as dark as ink can be."""
    solid = result > floor
    near = ndimage.maximum_filter(solid.view(np.uint8), 2 * _HALF + 1).view(bool)
    rows, columns = np.nonzero(taken & near & (values > floor))
    inside = np.pad(solid, 2 * _HALF)
    rows, columns = rows + 2 * _HALF, columns + 2 * _HALF
    mended = np.zeros(len(rows), dtype=bool)
    for leaning in _LEANINGS:
        above, below = (
            np.any(
                [inside[rows + way * step, columns + round(way * step * leaning)] for step in range(1, _HALF + 1)],
                axis=0,
            )
            for way in (-1, 1)
        )
        mended |= above & below
    rows, columns = rows[mended] - 2 * _HALF, columns[mended] - 2 * _HALF
    result[rows, columns] = values[rows, columns]
