"""From a picture to ink: `to_ink`, then `cut_out` or `whole_square`.

A picture is any handwriting as it comes: a photo of paper, a scan, a screenshot, a drawing. Ink is what the
network's transform expects: uint8 of shape (H, W), strokes bright (up to 255) on a background of exactly 0.
Nothing is scaled to 28×28 here; the transform of the run does that, so that training and recognition share
one way of centring.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from digits_core.data.picture import as_picture, beginning, grey
from digits_core.errors import PictureError

WORKING_SIDE = 1000
"""Pictures with a longer side are scaled down to this before the ink is looked for."""
INK_SHARE = 20 / 28
"""The longest side of the ink as a share of the square around it, as in MNIST (LeCun et al. 1998)."""

_PAPER_SIDE = 48  # the paper is estimated on a thumbnail: shadows are smooth
_MIN_CONTRAST = 0.10  # fainter marks, as a share of the paper's own tone, count as paper
_WIDEST_STROKE = 0.3  # as a share of the picture's longest side
_PLAIN_SIDE = 24  # pixels; smaller pictures have no shadows
_SHADOW_DEPTH = 10  # grey levels
_NOISE_FACTOR = 5.0  # ink must stand out of the paper's noise by this many standard deviations
_VISIBLE_GRAIN = 2.5  # noise of single pixels, in grey levels (standard deviation), that is smoothed away
_CLEAN_NOISE = 0.5  # a paper with less, in grey levels, is a drawing's: its edges are kept as they are
_SMALLEST_INK = 0.015  # ink whose longest side is a smaller share of the picture's is dust on an empty page
_FAINT_SHARE = 0.7  # of the strongest mark: what is fainter and touches the edge of the picture is no ink
_SPECK_SHARE = 0.02  # marks smaller than this share of the largest one are dust


def to_ink(picture: Image.Image | np.ndarray, name: str = "the picture") -> np.ndarray:
    """The ink of a picture: uint8 (H, W), 0 where the paper is, up to 255 in the strokes, their edges soft.

    `picture` is a Pillow image of any mode or an array of (H, W), (H, W, 3) or (H, W, 4). Dark ink on light
    paper and light on dark are both recognised; shadows are flattened. A longest side of more than
    `WORKING_SIDE` is scaled down to that, so a place in the ink times `picture.width / ink.shape[1]` is the
    place in the picture. Raises `PictureError` where nothing stands out of the paper.
    """
    image = _without_grain(_shrunk(grey(as_picture(picture, name))))
    ink = _without_specks(_soft_threshold(*_against_paper(image)))
    if not ink.any():
        raise PictureError(_no_ink(name))
    return ink


def cut_out(ink: np.ndarray) -> np.ndarray:
    """The square around the ink, uint8 (S, S): the ink's longest side is 20/28 of S, its box in the middle.

    The ink keeps its resolution. Raises `PictureError` where there is none.
    """
    inside = ink[_box(ink)]
    if not inside.size:
        raise PictureError(_no_ink("the picture"))
    return _in_square(inside, round(max(inside.shape) / INK_SHARE))


def whole_square(ink: np.ndarray) -> np.ndarray:
    """The whole canvas as a square, uint8 (S, S): a square one as it is, else with 0 added on both sides."""
    height, width = ink.shape
    return ink if height == width else _in_square(ink, max(height, width))


def _no_ink(name: str) -> str:
    return f"{beginning(name)} shows no ink that stands out: write a digit with clear, free paper around it."


def _shrunk(image: Image.Image) -> Image.Image:
    """The picture, its longest side at most `WORKING_SIDE`."""
    scale = WORKING_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _without_grain(image: Image.Image) -> Image.Image:
    """The picture with the noise of its sensor smoothed, where there is any to be seen."""
    if min(image.size) < _PAPER_SIDE:
        return image  # strokes of few pixels would be smoothed away with the noise
    tones = np.asarray(image)[:: 1 + image.height // 256].astype(np.int16)
    grain = 1.4826 * np.median(abs(np.diff(tones, axis=1))) / np.sqrt(2)
    return image.filter(ImageFilter.BoxBlur(1)) if grain > _VISIBLE_GRAIN else image


def _against_paper(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel stands out of the paper, in grey levels, and how far ink could; float32 (H, W) both.

    The first by the second is the contrast: near 0 on paper, up to 1 in ink. A shadow dims paper and ink
    alike, hence the paper's own tone as the reach. A picture and its negative give the same values.
    """
    scale = min(1.0, _PAPER_SIDE / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.float64)
    sign, paper = _paper(small)
    down, across = _stretching(height, image.height), _stretching(width, image.width)
    reach = down @ paper.astype(np.float32) @ across.T  # first the paper's tone at each pixel
    difference = reach - np.asarray(image)
    if sign < 0:
        np.negative(difference, out=difference)
        np.subtract(255, reach, out=reach)
    return difference, np.maximum(reach, 32, out=reach)


def _paper(small: np.ndarray) -> tuple[int, np.ndarray]:
    """Whether the ink is darker (1) or lighter (-1) than the paper, and the paper's tones without ink, (h, w) in 0…255.

    A quadratic surface through most pixels, mended by what it misses nearby. Ink is narrow: whatever leaves the
    surface, is wider than strokes are and reaches the edge of the picture, is shaded (or lit) paper. A tiny picture,
    where strokes are as wide as anything, is a digit cut out: its paper has the tone of its border.
    """
    if max(small.shape) < _PLAIN_SIDE:
        surface, without_dark, without_light = np.full_like(small, np.median(small[_border(small)])), 255.0, 0.0
    else:
        surface, weights = _robust_surface(small)
        surface = surface + _local_mean(small - surface, weights, sigma=max(small.shape) / 12)
        width = max(3, round(_WIDEST_STROKE * max(small.shape)))
        without_dark, without_light = ndimage.grey_closing(small, width), ndimage.grey_opening(small, width)
    dark = np.minimum(surface - small, without_dark - small).clip(min=0)
    light = np.minimum(small - surface, small - without_light).clip(min=0)
    if np.sum(dark**3) >= np.sum(light**3):
        return 1, _with_shadows(surface, without_dark)
    return -1, 255 - _with_shadows(255 - surface, 255 - without_light)


def _with_shadows(surface: np.ndarray, without_ink: np.ndarray) -> np.ndarray:
    """The surface (h, w), lowered to the tones `without_ink` in regions that are darker and reach the edge."""
    labels, _ = ndimage.label(surface - without_ink > _SHADOW_DEPTH)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    shaded = np.isin(labels, edge[edge > 0])
    return np.where(ndimage.binary_dilation(shaded, iterations=3), np.minimum(surface, without_ink), surface)


def _stretching(short: int, long: int) -> np.ndarray:
    """The float32 (long, short) matrix that interpolates `short` numbers linearly to `long`."""
    places = np.clip((np.arange(long) + 0.5) * (short / long) - 0.5, 0, short - 1)  # (long,)
    return np.clip(1 - abs(places[:, None] - np.arange(short)), 0, None).astype(np.float32)


def _border(small: np.ndarray) -> np.ndarray:
    """Where the outermost pixels of (h, w) are, bool (h, w)."""
    border = np.ones(small.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    return border


def _robust_surface(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A quadratic surface through most of (h, w) tones, and the weight 0…1 that each pixel ended with.

    Reweighted least squares with Tukey's biweight, whose width shrinks from most of the range to the paper's
    own noise. The first steps look at the border alone, where paper is likelier than ink.
    """
    height, width = small.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    values = small.reshape(-1).astype(np.float64)
    on_border = (np.maximum(abs(x), abs(y)) > 0.8).reshape(-1)
    residual = values - np.median(values[on_border])
    reach = 160.0
    for step in range(12):
        weights = np.square(np.clip(1 - np.square(residual / reach), 0, None)) * (on_border if step < 3 else 1)
        weighted = terms * weights[:, None]
        # The small ridge keeps the curved terms at 0 where the few pixels left do not decide them.
        ridge = np.diag([1e-9, 1e-3, 1e-3, 1e-2, 1e-2, 1e-2]) * len(values)
        surface = terms @ np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        residual = values - surface
        noise = 1.4826 * np.median(abs(residual))
        reach = max(reach * 0.75, 4 * noise, 10.0)
    weights = np.square(np.clip(1 - np.square(residual / reach), 0, None))
    return surface.reshape(height, width), weights.reshape(height, width)


def _local_mean(values: np.ndarray, weights: np.ndarray, sigma: float) -> np.ndarray:
    """The weighted Gaussian mean of (h, w) values around each pixel; 0 where no weight is near."""
    total = ndimage.gaussian_filter(weights, sigma)
    return ndimage.gaussian_filter(values * weights, sigma) / (total + 0.02)


def _soft_threshold(difference: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """What `_against_paper` says, as ink: uint8 (H, W), 0 in the noise, 255 from the ink's usual contrast."""
    sample = difference[:: 1 + difference.shape[0] // 256, :: 1 + difference.shape[1] // 256]
    # The side of the paper that ink cannot be on shows the noise alone: grey levels, as a standard deviation.
    noise = -1.4826 * float(np.median(sample[sample <= 0])) if (sample <= 0).any() else 0.0
    floor = np.maximum(_MIN_CONTRAST * reach, _NOISE_FACTOR * noise)
    ink = np.zeros(difference.shape, dtype=np.uint8)
    marks = difference > floor
    if not marks.any():
        return ink
    rows, columns = (slice(max(0, side.start - 2), side.stop + 2) for side in _box(marks))  # with their soft edges
    contrast = difference[rows, columns] / reach[rows, columns]
    full = np.percentile(contrast[marks[rows, columns]], 70)
    low = np.maximum(0.15 * full, 0.6 * floor[rows, columns] / reach[rows, columns]) if noise > _CLEAN_NOISE else 0
    ink[rows, columns] = np.rint(np.clip((contrast - low) / np.maximum(full - low, 0.01), 0, 1) * 255)
    return ink


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """The ink (H, W) without marks much smaller than the largest, and without faint ones that reach in from the edge.

    Those are shadows, or what lies beside the paper. Where the largest mark is dust too, nothing is left.
    """
    box = _box(ink)
    labels, count = ndimage.label(ink[box], structure=np.ones((3, 3)))
    if not count:
        return ink
    flat = labels.reshape(-1)
    solid = np.bincount(flat, weights=(ink[box] >= 128).reshape(-1))  # pixels of stroke in each mark
    solid[0] = 0
    drop = solid < max(1.0, _SPECK_SHARE * solid.max())
    strength = np.bincount(flat, weights=ink[box].reshape(-1)) / np.bincount(flat).clip(1)  # a bar leaves no paper
    placed = np.zeros(ink.shape, dtype=labels.dtype)
    placed[box] = labels
    at_edge = np.unique(np.concatenate([placed[0], placed[-1], placed[:, 0], placed[:, -1]]))
    drop[at_edge] |= strength[at_edge] < _FAINT_SHARE * strength[~drop].max(initial=0)
    solid[drop] = 0
    largest = ndimage.find_objects(labels)[solid.argmax() - 1]
    if not solid.any() or max(side.stop - side.start for side in largest) < max(2, _SMALLEST_INK * max(ink.shape)):
        return np.zeros_like(ink)
    ink[box][drop[labels]] = 0
    return ink


def _box(ink: np.ndarray) -> tuple[slice, slice]:
    """The rows and the columns of (H, W) that hold ink, first to last; empty where there is none."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _in_square(ink: np.ndarray, side: int) -> np.ndarray:
    """The ink in the middle of an empty square, uint8 (side, side)."""
    height, width = ink.shape
    square = np.zeros((side, side), dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    return square
