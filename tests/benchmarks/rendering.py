"""Handwriting as people bring it, rendered from 28×28 digits: drawings on a canvas and photos of paper.

Everything random comes from the generator that is passed in: the same seed gives the same pictures. Only
digits of a test split may be rendered for a test set. Two seeds have names: `DEVELOPMENT_SEED` to look at and
tune on, `HELD_BACK_SEED` to decide.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

DEVELOPMENT_SEED = 1
HELD_BACK_SEED = 20_260_117
CANVAS = 280
_FINE = 4  # the centre line is found on digits enlarged by this factor
_BLOB = 1.5  # ink deeper than this many usual half stroke widths has run together
_PENS = ([25, 25, 30], [30, 50, 160], [190, 35, 40], [25, 110, 60], [70, 70, 75])  # black, blue, red, green, grey
_BOLD = 0.17  # the share of the image that is ink in a boldly written digit

Renderer = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def render(digits: np.ndarray, renderer: Renderer, seed: int) -> list[np.ndarray]:
    """One picture for each of the (N, 28, 28) digits (uint8); picture i follows from seed, i and digit."""
    return [renderer(digit, np.random.default_rng((seed, index))) for index, digit in enumerate(digits)]


def canvas_drawing(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing with a round brush on a canvas, uint8 (280, 280), from a (28, 28) digit.

    The digit's centre line, 90 to 230 pixels long, anywhere on the canvas, is drawn with a brush of 10 to 28
    pixels; no wider than a seventh of the digit, for nobody draws an 8 so small that the brush fills it, and
    no thinner than half the digit's own stroke, whose centre line alone would not be that digit. Half are
    dark on light; a quarter has hard edges, as a brush without antialiasing leaves them.
    """
    line, own_width = centre_line(digit)  # (P, 2)
    length = rng.uniform(90, 230)
    scale = length / max(np.ptp(line, axis=0).max(), 1.0)
    brush = min(max(rng.uniform(10, 28), own_width * scale / 2), max(10.0, length / 7))
    line = (line - line.min(axis=0)) * scale
    room = CANVAS - brush - np.ptp(line, axis=0)
    drawn = brush_stroke(line + brush / 2 + rng.uniform(0, 1, 2) * room, brush, (CANVAS, CANVAS))
    if rng.random() < 0.25:
        drawn = (drawn >= 0.5).astype(np.float32)
    paper, ink = (255, rng.choice([0, 0, 40])) if rng.random() < 0.5 else (rng.choice([0, 0, 25]), 255)
    return np.rint(paper + (ink - paper) * drawn).astype(np.uint8)


def paper_photo(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo of one digit on paper, uint8 RGB (H, W, 3), longest side 160 to 1,000, from a (28, 28) digit.

    Pen, pencil or marker (a seventh is chalk on a dark board), slightly rotated and seen from the side, with
    paper texture, a shadow gradient and at times a shadow's edge, blur, sensor noise and JPEG.
    """
    height, width = _photo_size(rng)
    coverage = _perspective(_strokes(digit, rng), height, width, rng)  # (H, W) in 0…1
    paper, ink = _colours(rng)
    texture = 1 + paper_grain(height, width, rng)
    unevenness = np.clip(1 - rng.uniform(0, 0.35) * abs(clouds(height, width, rng.uniform(1, 4), rng)), 0, 1)
    coverage = coverage * unevenness
    scene = (paper * (1 - coverage[..., None]) + ink * coverage[..., None]) * texture[..., None]
    scene = scene * _light(height, width, rng)[..., None]
    scene = ndimage.gaussian_filter(scene, (*[rng.uniform(0, 0.004) * max(height, width)] * 2, 0))
    scene = scene + rng.normal(0, rng.uniform(0, 7), scene.shape)
    return through_jpeg(np.clip(np.rint(scene), 0, 255).astype(np.uint8), int(rng.integers(40, 96)))


def large_photo(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo of one digit on paper, uint8 RGB (H, W, 3), longest side 500 to 1,000, from a (28, 28) digit.

    The digit is 25 to 70 % of the shorter side, in a thin or a thick pen, often coloured; a third of the paper is ruled
    or squared; light falls off to one side; blur, sensor noise, JPEG quality 40 to 95.
    """
    longest, other = rng.uniform(500, 1000), rng.uniform(0.6, 1)
    height, width = (round(longest * side) for side in ((1, other) if rng.random() < 0.5 else (other, 1)))
    size = rng.uniform(0.25, 0.7) * min(height, width)
    line, own_width = centre_line(digit)
    scale = size / max(np.ptp(line, axis=0).max(), 1.0)
    pen = max(size * np.exp(rng.uniform(np.log(0.025), np.log(0.16))), own_width * scale / 2)
    line = (line - line.min(axis=0)) * scale
    room = np.array([height, width]) - pen - np.ptp(line, axis=0) - 4
    coverage = brush_stroke(line + pen / 2 + 2 + rng.uniform(0, 1, 2) * np.maximum(room, 0), pen, (height, width))
    paper = rng.uniform(200, 250) + np.array([0, -3, -12]) * rng.uniform(0, 1.5)
    scene = paper * (1 + paper_grain(height, width, rng)[..., None])
    if rng.random() < 1 / 3:
        _print_lines(scene, squared=rng.random() < 0.5, rng=rng)
    ink = np.array(_PENS[rng.integers(len(_PENS))]) + rng.uniform(-12, 12, 3)
    scene = scene + coverage[..., None] * (ink - scene)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    scene = scene * (1 - rng.uniform(0.05, 0.3) * (1 + np.cos(angle) * x + np.sin(angle) * y))[..., None]
    blur = rng.uniform(0.3, 2)
    scene = ndimage.gaussian_filter(scene, (blur, blur, 0)) + rng.normal(0, rng.uniform(1, 8), scene.shape)
    return through_jpeg(np.clip(np.rint(scene), 0, 255).astype(np.uint8), int(rng.integers(40, 96)))


def _print_lines(scene: np.ndarray, squared: bool, rng: np.random.Generator) -> None:
    """Print the lines of ruled or squared paper on (H, W, 3), in place."""
    spacing = rng.uniform(25, 45) if squared else rng.uniform(45, 90)
    thick, strength = int(rng.integers(1, 4)), rng.uniform(0.4, 0.9)
    colour = np.array([[130, 165, 205], [165, 170, 180], [190, 160, 165]][rng.integers(3)], float)
    for across in (scene, scene.swapaxes(0, 1))[: 1 + squared]:
        for at in np.arange(rng.uniform(0, spacing), len(across), spacing).astype(int):
            across[at : at + thick] += strength * (colour - across[at : at + thick])


def centre_line(digit: np.ndarray) -> tuple[np.ndarray, float]:
    """The points (P, 2) as (y, x) of the digit's centre line and its usual stroke width, in pixels of (28, 28).

    Where ink has run together, as in the closed loop of a bold 8, a line of no width would leave a hook or a stump:
    there the inner part of the blob counts as centre line too, as if the pen had gone to and fro.
    """
    fine = Image.fromarray(digit).resize((28 * _FINE, 28 * _FINE), Image.Resampling.BICUBIC)
    tones = ndimage.gaussian_filter(np.asarray(fine, np.float32), _FINE / 4) / digit.max()
    # The threshold is high where strokes are bold: the holes of an 8 are grey there, not black.
    solid = tones > (0.65 if (tones > 0.5).sum() > _BOLD * tones.size else 0.45)
    depth = ndimage.distance_transform_edt(solid)  # to the nearest pixel without ink
    line = skeletonize(solid)
    usual = float(np.median(depth[line])) if line.any() else 1.0
    points = np.argwhere(line | (depth > _BLOB * usual))
    return points / _FINE, 2 * usual / _FINE


def brush_stroke(line: np.ndarray, width: float, shape: tuple[int, int]) -> np.ndarray:
    """The stroke of a round brush along (P, 2) points, antialiased, float32 in 0…1 of the given shape."""
    away = np.ones(shape, dtype=bool)
    places = np.clip(np.rint(line).astype(int), 0, np.array(shape) - 1)
    away[places[:, 0], places[:, 1]] = False
    away = ~ndimage.binary_closing(np.pad(~away, 4), np.ones((3, 3)), iterations=2)[4:-4, 4:-4]
    distance = ndimage.distance_transform_edt(away)
    return np.clip(width / 2 - distance + 0.5, 0, 1).astype(np.float32)


def _photo_size(rng: np.random.Generator) -> tuple[int, int]:
    longest = np.exp(rng.uniform(np.log(160), np.log(1000)))
    other = longest * rng.uniform(0.6, 1)
    height, width = (longest, other) if rng.random() < 0.5 else (other, longest)
    return round(height), round(width)


def _strokes(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digit alone, float32 (320, 320) in 0…1: its own uneven strokes, or a pen along its centre line."""
    if rng.random() < 0.5:
        smooth = Image.fromarray(digit).resize((320, 320), Image.Resampling.BICUBIC)
        fine = ndimage.gaussian_filter(np.asarray(smooth, np.float32) / max(1, digit.max()), 3)
        threshold = rng.uniform(0.35, 0.6)
        return np.clip((fine - threshold) * 6 + 0.5, 0, 1)
    line, own_width = centre_line(digit)
    return brush_stroke(line * (320 / 28), max(rng.uniform(8, 34), own_width * (320 / 28) / 2), (320, 320))


def _perspective(strokes: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """The strokes (320, 320) somewhere in a photo of (H, W), turned by up to 8° and seen at an angle."""
    rows, columns = np.flatnonzero(strokes.max(axis=1) > 0.5), np.flatnonzero(strokes.max(axis=0) > 0.5)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    half = max(bottom - top, right - left) / 2
    radius = rng.uniform(0.2, 0.75) * min(height, width) / 2  # half the longest side of the digit in the photo
    reach = radius * 1.15
    middle = np.array([rng.uniform(reach, width - reach), rng.uniform(reach, height - reach)])
    angle = np.deg2rad(rng.uniform(-8, 8))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
    seen = (corners + rng.uniform(-0.06, 0.06, (4, 2))) @ turn.T * radius + middle
    back = homography(seen, corners * half + centre)
    image = Image.fromarray(np.rint(strokes * 255).astype(np.uint8))
    if radius < half:  # pixels of a camera are means over an area: no aliasing
        blur = 0.45 * half / radius
        image = Image.fromarray(ndimage.gaussian_filter(np.asarray(image), blur))
    photo = image.transform((width, height), Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
    return np.asarray(photo, dtype=np.float32) / 255


def homography(source: np.ndarray, target: np.ndarray) -> list[float]:
    """The eight numbers with which Pillow's perspective transform takes four (x, y) points to others."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.linalg.solve(np.array(rows), target.reshape(-1)).tolist()


def _colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The colours of paper and ink, two arrays of RGB in 0…255."""
    if rng.random() < 1 / 7:
        return rng.uniform(25, 60) + rng.uniform(-8, 12, 3), rng.uniform(190, 245) + rng.uniform(-8, 8, 3)
    paper = rng.uniform(200, 250) + np.array([0, -3, -12]) * rng.uniform(0, 1.5)
    inks = ([20, 20, 25], [30, 50, 140], [110, 110, 112], [160, 35, 40], [25, 90, 60])
    return paper, np.array(inks[rng.integers(len(inks))]) + rng.uniform(-12, 12, 3)


def clouds(height: int, width: int, size: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (H, W) of mean 0 and standard deviation about 1; `size` is that of a cloud in pixels."""
    rows, columns = max(2, round(height / size)), max(2, round(width / size))
    coarse = Image.fromarray(rng.normal(0, 1, (rows, columns)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def paper_grain(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """The paper's grain, float (H, W) around 0, as a share of its tone."""
    grain = sum(clouds(height, width, size, rng) for size in (1.5, 4, 16))
    return rng.uniform(0, 0.015) * grain


def _light(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """How bright each place is lit, float (H, W) up to 1: a gradient, darker corners, perhaps a shadow."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    light = 1 - rng.uniform(0, 0.25) * (along + 1) - rng.uniform(0, 0.08) * (x * x + y * y)
    if rng.random() < 0.3:
        across = np.cos(angle + 1) * x + np.sin(angle + 1) * y - rng.uniform(-0.8, 0.8)
        light = light * (1 - rng.uniform(0.1, 0.3) / (1 + np.exp(-across / rng.uniform(0.04, 0.3))))
    return np.clip(light * rng.uniform(0.75, 1), 0.15, 1)


def through_jpeg(photo: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))
