"""What reaches into a picture from outside: printed frames, the edge of the paper, a neighbour's ink."""

from __future__ import annotations

import numpy as np

SOLID = 128
"""Ink at least this dark, of 255, is a stroke and not its soft edge."""

_BAND = 0.05  # of a side: how near to the edge a frame begins, even if the picture is slightly turned
_ALONG = 0.9  # of an edge that a frame accompanies; strokes of a tightly cut digit touch it in few places
_THICKEST = 1 / 6  # of a side


def without_frame(ink: np.ndarray) -> np.ndarray:
    """Return (H, W) uint8 ink without the bars that accompany an edge of the picture nearly all along.

    A bar is cut off as wide as it usually is, so that a digit which touches it stays. If nothing but bars would
    be lost and nothing that is larger would remain, the ink is returned unchanged.
    """
    result = ink.copy()
    for turned in (result, result[:, ::-1], result.T, result.T[:, ::-1]):  # views: left, right, top, bottom
        _cut_left_bar(turned)
    return result if _longest(result) >= 2 * _THICKEST * max(ink.shape) else ink


def _cut_left_bar(ink: np.ndarray) -> None:
    width = ink.shape[1]
    solid = ink[:, : max(2, round(2 * _THICKEST * width))] >= SOLID
    near = solid[:, : max(1, int(_BAND * width))]
    begins = near.argmax(axis=1)
    has = near.any(axis=1)
    if has.mean() < _ALONG:
        return
    after = np.arange(solid.shape[1]) >= begins[:, None]
    ends = np.where((after & ~solid).any(axis=1), (after & ~solid).argmax(axis=1), solid.shape[1])
    usual = float(np.median(ends[has]))
    if usual > _THICKEST * width:
        return
    rest = ink[:, : round(usual) + max(2, round(_BAND * width))]
    wide = np.minimum(ends, round(usual) + max(1, round(_BAND * width / 2)))
    # The soft edge of the bar goes with it: ink falls along a row until it rises again.
    places = np.arange(rest.shape[1])
    falling = np.pad(np.diff(rest.astype(np.int16), axis=1) <= 0, ((0, 0), (1, 0)), constant_values=True)
    soft = np.cumsum(~falling & (places >= wide[:, None]), axis=1) == 0
    rest[(places < wide[:, None]) | (soft & (rest < SOLID))] = 0


def _longest(ink: np.ndarray) -> int:
    rows, columns = np.flatnonzero((ink >= SOLID).any(axis=1)), np.flatnonzero((ink >= SOLID).any(axis=0))
    return 0 if not len(rows) else int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
