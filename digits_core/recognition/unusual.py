"""What is unusual about a digit that a network read, measured against the training images as the network sees them.

Four properties of an image: the width of its stroke, the longest side of its ink, where its centre of mass lies, and
how much it slants. One that lies outside the range of nearly all training images of the digit is named in a word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from digits_core.config import TransformConfig
from digits_core.data.digits import CLASSES
from digits_core.transforms import batched

PROPERTIES = ("stroke", "size", "across", "down", "slant")
"""The properties in the columns of `measured`."""
_WORDS = {
    "stroke": ("thin", "thick"),
    "size": ("small", "large"),
    "across": ("off centre", "off centre"),
    "down": ("off centre", "off centre"),
    "slant": ("leaning left", "leaning right"),
}
_OUTER = 0.01
"""This share of the training images may lie on either side of what is usual."""
_MARGIN = 0.1
"""Usual values reach further than they were seen by this share of their range: the training images are a sample."""
_FEWEST = 30
"""A digit with fewer images is compared with those of all digits."""
_SEED = 2


@dataclass(frozen=True)
class Unusual:
    """A property whose value lies outside of the usual ones, in pixels of the image, or for a slant in degrees."""

    name: str
    word: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Usual:
    """The usual values of each digit: low and high, each float64 (10, 5), by digit and property."""

    low: np.ndarray
    high: np.ndarray

    def unusual(self, seen: np.ndarray, digit: int) -> list[Unusual]:
        """Return what is unusual of an image, uint8 (S, S), for this digit, the most unusual first."""
        if not seen.any():
            return []
        values, low, high = measured(seen[None])[0], self.low[digit], self.high[digit]
        away = np.maximum(low - values, values - high) / np.maximum(high - low, 1e-6)
        return [
            Unusual(
                PROPERTIES[place],
                _WORDS[PROPERTIES[place]][int(values[place] > high[place])],
                float(values[place]),
                float(low[place]),
                float(high[place]),
            )
            for place in np.argsort(-away)
            if away[place] > 0
        ]


def usual_of(seen: np.ndarray, labels: np.ndarray, config: TransformConfig) -> Usual:
    """Return the usual values of training images, uint8 (N, S, S) before augmentation, with their labels (N,).

    The random steps of the `config` are taken, because the network learnt from images that went through them.
    """
    generator = torch.Generator().manual_seed(_SEED)
    varied = batched.augment(torch.from_numpy(np.ascontiguousarray(seen))[:, None], config, generator)
    values = measured(varied.round().clamp(0, 255).to(torch.uint8)[:, 0].numpy())
    ends = np.stack([_ends(values, labels == digit) for digit in range(CLASSES)])  # (10, 2, 5)
    return Usual(ends[:, 0], ends[:, 1])


def measured(seen: np.ndarray) -> np.ndarray:
    """Return the five properties of images, uint8 (N, S, S), as float64 (N, 5): pixels, and degrees for the slant.

    The width of a stroke is twice its area over the length of its outline, with the outline as the total variation of
    the image (the coarea formula): it needs no threshold. Area and outline count in parts of the strongest ink.
    """
    ink = seen.astype(np.float64) / np.maximum(seen.max(axis=(1, 2), keepdims=True), 1)
    total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    strength = seen.max(axis=(1, 2)) / 255
    outline = np.hypot(*np.gradient(np.pad(ink, ((0, 0), (1, 1), (1, 1))), axis=(1, 2))).sum(axis=(1, 2))
    stroke = 2 * strength * total / np.maximum(outline, 1e-6)
    rows, columns = ((ink > 0.25).any(axis=axis) for axis in (2, 1))
    size = np.maximum(_span(rows), _span(columns))
    places = np.arange(seen.shape[1]) - (seen.shape[1] - 1) / 2
    down, across = ((ink.sum(axis=axis) * places).sum(axis=1) / total for axis in (2, 1))
    vertical, horizontal = places[:, None] - down[:, None, None], places[None, :] - across[:, None, None]
    variance = np.maximum((ink * vertical**2).sum(axis=(1, 2)), 1e-6)
    slant = np.degrees(np.arctan(-(ink * vertical * horizontal).sum(axis=(1, 2)) / variance))
    return np.stack([stroke, size, across, down, slant], axis=1)


def _span(there: np.ndarray) -> np.ndarray:
    """Return the distance from the first to the last True of each row, bool (N, S), in pixels; 0 if there is none."""
    length = there.shape[1] - there.argmax(axis=1) - there[:, ::-1].argmax(axis=1)
    return np.where(there.any(axis=1), length, 0).astype(np.float64)


def _ends(values: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the lowest and highest usual values of the images that are `own`, float64 (2, 5)."""
    chosen = values[own] if own.sum() >= _FEWEST else values
    low, high = np.quantile(chosen, (_OUTER, 1 - _OUTER), axis=0)
    return np.stack([low - _MARGIN * (high - low), high + _MARGIN * (high - low)])
