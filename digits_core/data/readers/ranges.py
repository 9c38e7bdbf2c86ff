"""Which values mean paper and ink in a file, and how they are mapped to 0 to 255 with bright ink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digits_core.data.readers.columns import Block, chunks_of

_USUAL_SHARE = 0.95
_FAR_OUT = 4
_MIDDLE = 127.5


@dataclass(frozen=True)
class Range:
    """The value range of a file's pixels. whole: map as for the built-in 0 to 16 dataset, by rounding down."""

    low: float
    high: float
    dtype: str
    whole: bool = False

    def __str__(self) -> str:
        return f"{_number(self.low)} to {_number(self.high)} ({self.dtype})"

    @property
    def is_plain(self) -> bool:
        return (self.low, self.high) == (0, 255)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Map the values to uint8, low → 0 and high → 255."""
        if values.dtype == np.uint8 and self.is_plain:
            return values
        values = values.astype(np.float64)
        if self.whole:  # to the values of the built-in dataset, so that the same digits come out identical
            return (values * 255 // self.high).astype(np.uint8)
        share = (values - self.low) / ((self.high - self.low) or 1.0)
        return np.rint(share.clip(0, 1) * 255).astype(np.uint8)


def range_of(block: Block, problems: dict[int, str]) -> Range | None:
    """Return the range of a block's values; None if no entry is left.

    Entries with values that are not finite, or far beyond those of the others, become problems.
    """
    flat = block.values.reshape(len(block.values), -1)
    low, high = flat.min(axis=1), flat.max(axis=1)  # (n,) each; NaN if any pixel is NaN
    finite = np.isfinite(low) & np.isfinite(high)
    for entry in block.entries[~finite].tolist():
        problems.setdefault(entry, "some of its pixels are not a number, or infinite")
    if not finite.any():
        return None
    usual = float(np.quantile(high[finite], _USUAL_SHARE, method="lower"))
    name = block.values.dtype.name
    expected = _standard(float(low[finite].min()), usual, name, _is_whole(block, usual))
    if expected and float(high[finite].max()) > _FAR_OUT * expected.high:
        for place in np.flatnonzero(finite & (high > expected.high)).tolist():
            reason = f"its pixels go up to {_number(float(high[place]))}, those of the others to {_number(usual)}"
            problems.setdefault(int(block.entries[place]), reason)
        return expected
    bottom, top = float(low[finite].min()), float(high[finite].max())
    return _standard(bottom, top, name, _is_whole(block, top)) or Range(bottom, top, name)


def is_dark_on_light(images: np.ndarray) -> bool:
    """Return True if most pixels, especially those at the borders, are bright; images uint8 (N, H, W)."""
    return float(_brightness(images).mean()) > _MIDDLE


def other_way_round(images: np.ndarray) -> int:
    """Count the images that look dark on light, given that most are light on dark."""
    return int((_brightness(images) > _MIDDLE).sum())


def _brightness(images: np.ndarray) -> np.ndarray:
    """Return the mean of each image's pixels and of its border's pixels, weighted half each; (N,)."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return (images.mean(axis=(1, 2)) + border.mean(axis=1)) / 2


def _standard(low: float, high: float, dtype: str, whole: bool) -> Range | None:
    """Return the range usual for files of digits that covers these values; None if they fit none."""
    if low < 0:
        return Range(-1, 1, dtype) if low >= -1 and 0 < high <= 1 else None
    if high <= 1:
        return Range(0, 1, dtype)
    if high <= 16 and whole:
        return Range(0, 16, dtype, whole=True)
    if 16 < high <= 255:
        return Range(0, 255, dtype)
    return Range(0, 65535, dtype) if 2**15 <= high <= 65535 else None


def _is_whole(block: Block, high: float) -> bool:
    """Return True if almost all values are whole numbers; only checked for maxima of up to 16, where it matters."""
    if block.values.dtype.kind in "bui" or not 1 < high <= 16:
        return True
    with np.errstate(invalid="ignore"):
        return all(bool((values == np.floor(values)).mean() > _USUAL_SHARE) for values, _ in chunks_of(block))


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.4g}"
