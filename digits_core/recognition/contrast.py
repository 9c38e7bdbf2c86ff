"""How dark ink is against the paper around it, on whole sheets: shadows with edges and uneven light are divided out."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

_WIDEST_STROKE = 1 / 24  # as a share of the longest side; what is wider is shaded paper, a table, a hand
_DARKEST_PAPER = 24.0  # grey levels; darker is no paper
_VISIBLE_GRAIN = 0.02


def contrast(tones: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The share of the paper's light that is missing at each pixel; uint8 (H, W) → float32 (H, W), 0 on paper.

    `inside`, bool (H, W), is where paper is; beyond it the contrast is 0. Light ink on a dark board counts like dark
    ink on paper. The paper's own tone is a morphological closing, which keeps the edges of shadows where a mean would
    blur them.
    """
    small = np.asarray(Image.fromarray(tones).reduce(2), dtype=np.float32)
    width = max(5, round(_WIDEST_STROKE * max(small.shape)))
    small = ndimage.uniform_filter(small, 3)
    lightest, darkest = ndimage.grey_closing(small, width), ndimage.grey_opening(small, width)
    usual = _usual(small)
    dark, light = np.minimum(lightest - small, usual - small), np.minimum(small - darkest, small - usual)
    on_paper = np.asarray(Image.fromarray(inside.view(np.uint8) * 255).reduce(2)) == 255
    if np.sum(dark[on_paper].clip(min=0) ** 3) >= np.sum(light[on_paper].clip(min=0) ** 3):
        paper, values = lightest, tones.astype(np.float32)
    else:
        paper, small, values = 255 - darkest, 255 - small, 255 - tones.astype(np.float32)
    paper = ndimage.uniform_filter(paper, 5)
    if on_paper.any():
        paper *= np.median((small / np.maximum(paper, 1))[on_paper])  # a closing goes along the tips of the noise
    full = Image.fromarray(paper).resize(tones.shape[::-1], Image.Resampling.BILINEAR)
    return np.where(inside, 1 - values / np.maximum(np.asarray(full), _DARKEST_PAPER), 0)


def _usual(tones: np.ndarray) -> np.ndarray:
    """The median tone around each pixel of (H, W): paper's, for strokes are narrow."""
    small = Image.fromarray(tones).reduce(max(1, max(tones.shape) // 120))
    medians = ndimage.median_filter(np.asarray(small), 9)
    return np.asarray(Image.fromarray(medians).resize(tones.shape[::-1], Image.Resampling.BILINEAR))


def noise_of(values: np.ndarray) -> float:
    """The standard deviation of the paper in (H, W) contrast, from the side of it that ink cannot be on."""
    sample = values[::3, ::3]
    below = sample[sample < 0]
    return 1.4826 * float(np.median(-below)) if below.size else 0.0


def without_grain(values: np.ndarray) -> tuple[np.ndarray, float]:
    """The contrast, smoothed where noise of single pixels is seen in it, and the noise that is left."""
    noise = noise_of(values)
    if noise > _VISIBLE_GRAIN:
        values = ndimage.gaussian_filter(values, 0.9, truncate=2.5)
        noise = noise_of(values)
    return values, noise
