"""From tones to ink: the one extractor behind drawings, photos and sheets.

`contrast` divides the light out of a picture, `soft_ink` says which of what is left are strokes.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

WIDEST_STROKE = 0.25
"""No stroke is wider than this share of the picture's longest side: what is wider is shaded paper, a table, a hand."""
LEAST_CONTRAST = 0.1
"""Of the paper's light; fainter marks are its texture, a shadow's edge, or the writing of the other side."""

_PAPER_SIDE = 400  # pixels: the paper's tones vary smoothly, so a thumbnail shows them
_ALL_OF_IT = 0.8  # of the edges' contrast: a window that shows as much is wider than the strokes
_NOISE_FACTOR = 5.0  # standard deviations of the paper's noise that ink stands out by
_VISIBLE_GRAIN = 0.02  # standard deviation, as a share of the paper's light, of noise that is smoothed away
_CLEAN = 0.002  # the same for a drawing or a screenshot, whose soft edges are kept as they are
_DARKEST_PAPER = 24.0  # grey levels: in less light, noise would pass for ink
_SOFT = 0.15  # of the ink's own contrast: where its soft edge begins


def contrast(tones: np.ndarray, inside: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """Return the share of the paper's light that is missing at each pixel, and the noise in it.

    Args:
        tones: uint8 (H, W). Light ink on a dark board counts like dark ink on paper.
        inside: bool (H, W), where paper is; by default everywhere.

    Returns:
        float32 (H, W), around 0 on paper and 0 outside of it, up to 1 in ink; and the standard deviation on paper.
    """
    small = np.asarray(Image.fromarray(tones).reduce(_reduction(tones.shape)), dtype=np.float32)
    if min(small.shape) > _PAPER_SIDE / 4:
        small = ndimage.uniform_filter(small, 3)
    on_paper = np.ones(small.shape, bool) if inside is None else _reduced(inside)
    widest = max(3, round(WIDEST_STROKE * max(small.shape)))
    lightest, darkest = ndimage.grey_closing(small, widest), ndimage.grey_opening(small, widest)
    values = tones.astype(np.float32)
    if _is_light_on_dark(small, lightest, darkest, on_paper):
        small, values, lightest = 255 - small, 255 - values, 255 - darkest
    paper = _without_strokes(small, lightest, widest, on_paper)
    paper = ndimage.uniform_filter(paper, 5)
    if on_paper.any():
        paper *= np.median((small / np.maximum(paper, 1))[on_paper])  # a closing goes along the tips of the noise
    full = Image.fromarray(paper).resize(tones.shape[::-1], Image.Resampling.BILINEAR)
    result = 1 - values / np.maximum(np.asarray(full), _DARKEST_PAPER)
    if inside is not None:
        result[~inside] = 0
    noise = noise_of(result)
    if noise > _VISIBLE_GRAIN and min(tones.shape) > _PAPER_SIDE / 4:
        result = ndimage.gaussian_filter(result, 0.9, truncate=2.5)
        noise = noise_of(result)
    return result, noise


def soft_ink(values: np.ndarray, noise: float) -> np.ndarray:
    """Return contrast as ink: uint8 (H, W), 0 in the noise, 255 from the ink's usual contrast on."""
    floor = max(LEAST_CONTRAST, _NOISE_FACTOR * noise)
    marks = values[values > floor].astype(np.float64)
    if not marks.size:
        return np.zeros(values.shape, dtype=np.uint8)
    # Weighted by darkness itself: of strokes and the fainter lines printed under them, the strokes count.
    full = float((marks**3).sum() / (marks**2).sum())
    low = max(_SOFT * full, 0.6 * floor) if noise > _CLEAN else 0.0
    return np.rint(np.clip((values - low) / max(full - low, 0.01), 0, 1) * 255).astype(np.uint8)


def noise_of(values: np.ndarray) -> float:
    """Return the standard deviation of the paper in (H, W) contrast, from the side of it that ink cannot be on."""
    step = 1 + max(values.shape) // 600
    below = values[::step, ::step]
    below = below[below < 0]
    return 1.4826 * float(np.median(-below)) if below.size else 0.0


def _without_strokes(small: np.ndarray, lightest: np.ndarray, widest: int, on_paper: np.ndarray) -> np.ndarray:
    """Return the paper's tones where dark strokes cover it, float32 (h, w).

    A morphological closing takes away what is narrower than its window. The narrower the window, the less of shadows
    is taken for ink, so it is made twice as wide as just shows the strokes: what has the sharpest edges.
    """
    sharpness = np.where(on_paper, ndimage.gaussian_gradient_magnitude(small, 1.0), 0) ** 2
    everything = float((sharpness * (lightest - small)).sum())
    width = 3
    while width < widest / 2:
        shown = float((sharpness * (ndimage.grey_closing(small, width) - small)).sum())
        if shown >= _ALL_OF_IT * everything:
            return ndimage.grey_closing(small, 2 * width)
        width = round(1.5 * width)
    return lightest


def _reduction(shape: tuple[int, ...]) -> int:
    return max(1, round(max(shape) / _PAPER_SIDE))


def _reduced(inside: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(inside.view(np.uint8) * 255).reduce(_reduction(inside.shape))) == 255


def _is_light_on_dark(small: np.ndarray, lightest: np.ndarray, darkest: np.ndarray, on_paper: np.ndarray) -> bool:
    """Return True if more, and more strongly, stands out as lighter than the paper than as darker."""
    margin = max(1, min(small.shape) // 10)
    rim = np.ones(small.shape, bool)
    rim[margin:-margin, margin:-margin] = False
    usual = np.median(small[rim & on_paper]) if (rim & on_paper).any() else np.median(small)
    dark, light = np.minimum(lightest - small, usual - small), np.minimum(small - darkest, small - usual)
    return bool(np.sum(light[on_paper].clip(min=0) ** 3) > np.sum(dark[on_paper].clip(min=0) ** 3))
