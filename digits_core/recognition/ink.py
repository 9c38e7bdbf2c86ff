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

_OF_A_STRIP = 0.6  # of the shorter side: in a long strip of paper, strokes are no wider than that
_PAPER_SIDE = 400  # pixels: the paper's tones vary smoothly, so a thumbnail shows them
_LEAST_WINDOW = 7  # pixels: strokes of tiny pictures are up to six wide where they meet
_STEPS = 64  # of a grey level, the resolution of a thumbnail's tones
_ALL_OF_IT = 0.8  # of the edges' contrast: a window that shows as much is wider than the strokes
_MUCH_OF_IT, _NO_MORE = 0.4, 0.03  # or as much, if a window half as wide again shows no more: what is left is shade
_NOISE_FACTOR = 7.0  # standard deviations of the paper's noise that ink stands out by
_VISIBLE_GRAIN = 2.5  # grey levels, the standard deviation of noise that is smoothed away
_CLEAN = 0.002  # the same for a drawing or a screenshot, whose soft edges are kept as they are
_DARKEST_PAPER = 24.0  # grey levels: less is not paper
_PRINT_AT_MOST = 4.0  # grey levels that bare paper is lighter than what is taken for the paper
_SOFT = 0.15  # of the ink's own contrast: where its soft edge begins


def contrast(
    tones: np.ndarray,
    inside: np.ndarray | None = None,
    light_on_dark: bool | None = None,
    widest: float = WIDEST_STROKE,
) -> tuple[np.ndarray, float]:
    """Return the share of the paper's light that is missing at each pixel, and the noise in it.

    Args:
        tones: uint8 (H, W). Light ink on a dark board counts like dark ink on paper.
        inside: bool (H, W), where paper is; by default everywhere.
        light_on_dark: which of the two it is, if that is known.
        widest: the share of the picture's longest side that no stroke is wider than.

    Returns:
        float32 (H, W), around 0 on paper and 0 outside of it, up to 1 in ink; and the standard deviation on paper.
    """
    small = _small(tones)
    on_paper = np.ones(small.shape, bool) if inside is None else _reduced(inside)
    values = tones.astype(np.float32)
    sharpness = np.where(on_paper, ndimage.gaussian_gradient_magnitude(_in_greys(small), 1.0), 0) ** 2
    dark, light = (_window(each, sharpness, widest) for each in (small, _negative(small)))
    if light_on_dark is None:
        light_on_dark = _is_light_on_dark(small, sharpness, max(_LEAST_WINDOW, min(dark, light)), on_paper)
    if light_on_dark:
        small, values, dark = _negative(small), 255 - values, light
    # Twice as wide as just needed: strokes are wider where they cross.
    window = min(max(2 * dark, _LEAST_WINDOW), _widest(small, widest))
    paper = ndimage.uniform_filter(_in_greys(_closing(small, window)), 5)
    if on_paper.any():
        paper -= _most_frequent((paper - _in_greys(small))[on_paper])  # a closing goes along the tips of the noise
    full = Image.fromarray(paper).resize(tones.shape[::-1], Image.Resampling.BILINEAR)
    missing = np.asarray(full) - values  # in grey levels, as the sensor's noise is
    # Fine print, as of squares, makes a thumbnail darker than bare paper is.
    lighter = max(0.0, _most_frequent(128 - _some(missing, inside)) - 128)
    missing = _only_on(inside, missing + lighter)
    # Outside a sheet there is no quiet paper; but in a small picture of halftone, ink stands out from nothing else.
    paper_only = inside if max(tones.shape) > _PAPER_SIDE else None
    noise = noise_of(missing, paper_only)
    if noise > _VISIBLE_GRAIN and min(tones.shape) > _PAPER_SIDE / 4:
        missing = ndimage.gaussian_filter(missing, 0.9, truncate=2.5)
        noise = noise_of(missing, paper_only)
    # In little light, noise would pass for ink.
    reach = np.maximum(np.asarray(full), max(_DARKEST_PAPER, _NOISE_FACTOR * noise / LEAST_CONTRAST))
    # The print itself counts as noise that writing has to stand out from, until it would hide the writing.
    result = _only_on(inside, missing - min(lighter, _PRINT_AT_MOST)) / reach
    return result, noise_of(result, paper_only)


def soft_ink(values: np.ndarray, noise: float) -> np.ndarray:
    """Return contrast as ink: uint8 (H, W), 0 in the noise, 255 from the ink's usual contrast on."""
    floor = max(LEAST_CONTRAST, _NOISE_FACTOR * noise)
    marks = values[values > floor].astype(np.float64)
    if not marks.size:
        return np.zeros(values.shape, dtype=np.uint8)
    # Weighted by darkness itself: of strokes and the fainter lines printed under them, the strokes count.
    dark = float((marks**3).sum() / (marks**2).sum())
    full = float(np.percentile(marks[marks > dark / 2], 70))
    low = max(_SOFT * full, 0.6 * floor) if noise > _CLEAN else 0.0
    return np.rint(np.clip((values - low) / max(full - low, 0.01), 0, 1) * 255).astype(np.uint8)


def noise_of(values: np.ndarray, inside: np.ndarray | None = None) -> float:
    """Return the standard deviation of the paper in (H, W) contrast, from the side of it that ink cannot be on.

    `inside`, bool (H, W), says where paper is; by default everywhere.
    """
    below = _some(values, inside)
    below = below[below <= 0]
    return 1.4826 * float(np.median(-below)) if below.size else 0.0


def _some(values: np.ndarray, inside: np.ndarray | None) -> np.ndarray:
    """Return enough of the (H, W) values that are inside to tell how they are distributed."""
    step = 1 + max(values.shape) // 600
    some = values[::step, ::step]
    return some.ravel() if inside is None else some[inside[::step, ::step]]


def _only_on(inside: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """Return (H, W) values, set to 0 outside."""
    return values if inside is None else np.where(inside, values, 0)


def _small(tones: np.ndarray) -> np.ndarray:
    """Return a thumbnail of (H, W) tones with less noise than they have, uint16 (h, w), each grey level 64 steps.

    In whole numbers: a closing takes less than half as long as with floats.
    """
    small = np.asarray(Image.fromarray(tones).reduce(_reduction(tones.shape)), dtype=np.float32)
    if min(small.shape) > _PAPER_SIDE / 4:
        small = ndimage.uniform_filter(small, 3)
    return np.rint(small * _STEPS).astype(np.uint16)


def _window(small: np.ndarray, sharpness: np.ndarray, widest_stroke: float) -> int:
    """Return the side, in pixels, of the window whose morphological closing takes dark strokes out of (h, w) tones.

    A closing removes what is narrower than its window. The narrower the window, the less of a shadow is taken for
    ink, so it is just wide enough to show the strokes: what has the sharpest edges.
    """

    def shown(width: int) -> float:
        return float((sharpness * (_closing(small, width) - small)).sum())

    widest = _widest(small, widest_stroke)
    everything, width = shown(widest), 3
    here = shown(width)
    while width < widest:
        wider = min(round(1.5 * width), widest)
        there = shown(wider)
        # In a shadow, ink is shown as deep as it is, and deeper by all of the shadow in a window wider than that.
        if here >= _ALL_OF_IT * everything or (here >= _MUCH_OF_IT * everything and there <= (1 + _NO_MORE) * here):
            return width
        width, here = wider, there
    return widest


def _negative(small: np.ndarray) -> np.ndarray:
    return 255 * _STEPS - small


def _in_greys(small: np.ndarray) -> np.ndarray:
    return small.astype(np.float32) / _STEPS


def _most_frequent(differences: np.ndarray) -> float:
    """Return the grey levels around which most of the differences lie: bare paper's, whatever is printed on it."""
    counts, ends = np.histogram(differences, bins=128, range=(0, 256))
    most = ends[np.convolve(counts, np.ones(3), mode="same").argmax()] + 1
    near = differences[abs(differences - most) < 4]
    return float(np.median(near)) if near.size else 0.0


def _widest(small: np.ndarray, widest_stroke: float) -> int:
    return max(_LEAST_WINDOW, round(min(widest_stroke * max(small.shape), _OF_A_STRIP * min(small.shape))))


def _closing(small: np.ndarray, width: int) -> np.ndarray:
    """Return the morphological closing of (h, w) tones, as if the light went on falling off beyond the edges."""
    low, high = int(small.min()), int(small.max())
    padded = np.pad(small.astype(np.int32), width, mode="reflect", reflect_type="odd").clip(low, high)
    padded = padded.astype(np.uint16)
    for highest in (np.maximum, np.minimum):
        padded = of_windows(of_windows(padded, width, highest).T, width, highest).T
    return padded[1:-1, 1:-1]


def of_windows(values: np.ndarray, width: int, highest: np.ufunc) -> np.ndarray:
    """Return the highest, or lowest, of each `width` rows on end, (H, W) → (H - width + 1, W).

    The window doubles at each step: a closing takes a tenth of the time of `ndimage.grey_closing`.
    """
    reach = 1
    while 2 * reach <= width:
        values = highest(values[:-reach], values[reach:])
        reach *= 2
    rest = width - reach
    return highest(values[: len(values) - rest], values[rest:]) if rest else values


def _reduction(shape: tuple[int, ...]) -> int:
    return max(1, round(max(shape) / _PAPER_SIDE))


def _reduced(inside: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(inside.view(np.uint8) * 255).reduce(_reduction(inside.shape))) == 255


def _is_light_on_dark(small: np.ndarray, sharpness: np.ndarray, window: int, on_paper: np.ndarray) -> bool:
    """Return True if sharp marks lighter than the paper outweigh, in area and strength, those darker than it."""
    lightest, darkest = _in_greys(_closing(small, window)), _in_greys(_negative(_closing(_negative(small), window)))
    tones = _in_greys(small)
    tones = np.where(on_paper, tones, np.median(tones[on_paper]) if on_paper.any() else 0)
    usual = ndimage.uniform_filter(tones, max(small.shape) // 2)  # light falls off to one side
    dark, light = np.minimum(lightest - tones, usual - tones), np.minimum(tones - darkest, tones - usual)
    # The edge of a shadow stands out, too, but softly.
    return bool(np.sum(sharpness * light.clip(min=0) ** 2) > np.sum(sharpness * dark.clip(min=0) ** 2))
