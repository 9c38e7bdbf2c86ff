"""Photos and scans of boxed form fields, one digit a box, rendered from 28×28 digits, with the digits of each row.

A form is laid out flat (boxes, label, digits of one hand and pen), then seen slightly turned and from the side, under
uneven light, with blur, noise and JPEG. Everything random comes from the generator; `DEVELOPMENT_SEED` and
`HELD_BACK_SEED` of `rendering` name what is tuned on and what decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from tests.benchmarks.rendering import brush_stroke, centre_line, homography, paper_grain, through_jpeg

Form = Literal["shared", "separate", "grouped", "ticks"]
FORMS: tuple[Form, ...] = ("shared", "separate", "grouped", "ticks")

HIGH = 96  # pixels of a box on the flat form
PRINTS = ([20, 20, 20], [90, 90, 95], [150, 150, 155], [215, 120, 90], [90, 130, 200], [90, 160, 110])
INKS = ([20, 20, 25], [30, 50, 140], [100, 100, 104], [60, 40, 120], [165, 35, 40])
LABELS = ("Student ID", "Date of birth", "Matrikelnummer", "Roll No.", "Phone", "N° de dossier", "Postal code")


@dataclass(frozen=True)
class FormPhoto:
    """A photo, uint8 RGB (H, W, 3), and the digits in each of its rows of boxes, empty boxes left out."""

    photo: np.ndarray
    rows: tuple[str, ...]
    form: Form

    @property
    def text(self) -> str:
        return "".join(self.rows)


@dataclass(frozen=True)
class _Style:
    """How the boxes of a form are printed, lengths in pixels of the flat form."""

    form: Form
    wide: int
    gap: int
    wall: int
    print: np.ndarray
    overshoot: float
    pen: float
    size: float


def form_photo(
    form: Form, digits: np.ndarray, labels: np.ndarray, rng: np.random.Generator, rows: int = 1
) -> FormPhoto:
    """A form with rows of boxes, 200 to 2,000 pixels wide, filled with some of the (N, 28, 28) digits (uint8)."""
    style = _style(form, rng)
    cells = [int(rng.integers(4, 13)) for _ in range(rows)]
    tight = rng.random() < 0.2  # cut out along the boxes
    left, right = _left_and_right(style, max(cells), tight, rng)
    first, step = HIGH * (rng.uniform(0.1, 0.2) if tight else rng.uniform(0.3, 1.6)), HIGH * rng.uniform(1.5, 2.2)
    tops = [int(first + row * step) for row in range(rows)]
    shape = tops[-1] + HIGH + int(HIGH * (rng.uniform(0.1, 0.2) if tight else rng.uniform(0.3, 1.2))), right
    tones = np.full((*shape, 3), 1.0, np.float32)
    ink = np.zeros(shape, np.float32)
    texts = []
    for top, count in zip(tops, cells, strict=True):
        places = _print_boxes(tones, style, left, top, count, rng)
        texts.append(_fill(ink, style, places, top, digits, labels, rng))
    if not tight and rng.random() < 0.6:
        _print_label(tones, left, tops[0], style, rng)
    colour = np.array(INKS[rng.integers(len(INKS))]) / 255
    scene = tones * (1 - ink[..., None]) + colour * ink[..., None]
    return FormPhoto(_photographed(scene, rng), tuple(texts), form)


def _style(form: Form, rng: np.random.Generator) -> _Style:
    wide = int(HIGH * rng.uniform(0.6, 1.1))
    wall = max(2, round(HIGH * rng.uniform(0.015, 0.06)))
    gap = int(wide * rng.uniform(0.08, 0.4)) + wall if form == "separate" else 0
    size = min(rng.uniform(0.5, 0.95) * HIGH, 1.15 * wide)
    return _Style(
        form,
        wide,
        gap,
        wall,
        np.array(PRINTS[rng.integers(len(PRINTS))]) / 255,
        rng.uniform(0, 0.12) if rng.random() < 0.5 else 0.0,
        rng.uniform(0.03, 0.1) * HIGH,
        size,
    )


def _left_and_right(style: _Style, cells: int, tight: bool, rng: np.random.Generator) -> tuple[int, int]:
    """Where the first box begins, and how wide the form is."""
    margins = rng.uniform(0.1, 0.2, 2) if tight else rng.uniform(0.2, 1.0, 2)
    if not tight and rng.random() < 0.3:  # room for a label
        margins[0] = rng.uniform(2, 3)
    left = int(HIGH * margins[0])
    groups = 2 * int(0.6 * style.wide) if style.form == "grouped" else 0
    return left, left + cells * (style.wide + style.gap) + groups + int(HIGH * margins[1])


def _print_boxes(
    tones: np.ndarray, style: _Style, left: int, top: int, count: int, rng: np.random.Generator
) -> list[int]:
    """Print a row of boxes; the left ends of their insides."""
    breaks = set(rng.choice(np.arange(1, count), 2, replace=False).tolist()) if style.form == "grouped" else set()
    x, places = left, []
    for cell in range(count):
        if cell in breaks:
            _separator(tones, x, top, style, rng)
            x += int(0.6 * style.wide)
        places.append(x)
        end, half = x + style.wide, style.wall // 2
        base = slice(top + HIGH - half, top + HIGH - half + style.wall)
        tones[base, x - half : end + style.wall - half] = style.print
        tick_top = top + HIGH // 2 if style.form == "ticks" else top
        if style.form != "ticks":
            tones[top - half : top - half + style.wall, x - half : end + style.wall - half] = style.print
        for wall in (x, end):
            tones[tick_top - half : top + HIGH, wall - half : wall - half + style.wall] = style.print
        x = end + style.gap
    return places


def _separator(tones: np.ndarray, x: int, top: int, style: _Style, rng: np.random.Generator) -> None:
    """A printed dash or nothing between two groups of boxes."""
    if rng.random() < 0.5:
        middle = top + HIGH // 2
        tones[middle : middle + style.wall, x + int(0.2 * style.wide) : x + int(0.4 * style.wide)] = style.print


def _fill(
    ink: np.ndarray,
    style: _Style,
    places: list[int],
    top: int,
    digits: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
) -> str:
    """Write a digit into most boxes; the digits."""
    empty = rng.random() < 0.4
    text = ""
    for place in places:
        if empty and rng.random() < 0.25:
            continue
        index = int(rng.integers(len(digits)))
        size = style.size * rng.uniform(0.88, 1.1)
        coverage = _written(digits[index], size, style.pen, rng)
        wander = rng.uniform(-1, 1, 2) * (0.06 + style.overshoot)
        y = top + HIGH / 2 + wander[0] * HIGH * 0.5
        _stamp(ink, coverage, y, place + style.wide / 2 + wander[1] * style.wide)
        text += str(labels[index])
    return text


def _written(digit: np.ndarray, size: float, pen: float, rng: np.random.Generator) -> np.ndarray:
    """The digit, its longest side so many pixels: a pen of some width along its centre line, or its own strokes."""
    side = round(size * 28 / 20)
    if rng.random() < 0.5:
        smooth = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
        fine = ndimage.gaussian_filter(np.asarray(smooth, np.float32) / max(1, digit.max()), side / 112)
        return np.clip((fine - 0.45) * side / 56 + 0.5, 0, 1)
    line, own = centre_line(digit)
    return brush_stroke(line * (side / 28), max(pen, own * side / 56), (side, side))


def _stamp(ink: np.ndarray, coverage: np.ndarray, y: float, x: float) -> None:
    top, left = round(y) - coverage.shape[0] // 2, round(x) - coverage.shape[1] // 2
    inside = ink[max(0, top) : top + coverage.shape[0], max(0, left) : left + coverage.shape[1]]
    part = coverage[max(0, -top) :, max(0, -left) :][: inside.shape[0], : inside.shape[1]]
    np.maximum(inside, part, out=inside)


def _print_label(tones: np.ndarray, left: int, top: int, style: _Style, rng: np.random.Generator) -> None:
    """Small print above the boxes, or left of them where there is room."""
    size = int(HIGH * rng.uniform(0.18, 0.32))
    text = LABELS[rng.integers(len(LABELS))]
    beside = left > 2 * HIGH
    if not beside and top < 1.8 * size:
        return
    place = (8, top + HIGH // 2 - size // 2) if beside else (left, top - int(1.6 * size))
    page = Image.new("L", tones.shape[1::-1], 0)
    ImageDraw.Draw(page).text(place, text, 255, ImageFont.load_default(size))
    letters = np.array(page, np.float32) / 255
    if beside:
        letters[:, left - 8 :] = 0
    tones -= letters[..., None] * (tones - style.print)


def _photographed(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The flat form (H, W, 3), 0 to 1, as a scan or a photo, uint8."""
    height, width = scene.shape[:2]
    wide = float(np.exp(rng.uniform(np.log(200), np.log(2000))))
    wide = max(wide, 22 * width / HIGH)  # a box is at least so many pixels high
    scale = wide / width
    size = round(width * scale), round(height * scale)
    scan = rng.random() < 0.4
    angle = np.deg2rad(rng.uniform(-2, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    skew = np.zeros((4, 2)) if scan else rng.uniform(-0.02, 0.02, (4, 2))
    corners = ((square + skew) * np.array(size) / 2) @ turn.T + np.array(size) / 2
    back = homography(corners, (square + 1) * np.array([width, height]) / 2)
    if scale < 1:
        scene = ndimage.gaussian_filter(scene, (0.45 / scale, 0.45 / scale, 0), truncate=3)
    rim = np.clip(np.rint(scene * 255), 0, 255).astype(np.uint8)
    page = Image.fromarray(rim).transform(
        size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255)
    )
    seen = np.asarray(page, np.float32)
    if scan:
        blur, noise, quality = rng.uniform(0, 0.6), rng.uniform(0, 3), int(rng.integers(60, 96))
    else:
        seen = seen * _light(*seen.shape[:2], rng)[..., None] * (1 + paper_grain(*seen.shape[:2], rng))[..., None]
        blur, noise, quality = rng.uniform(0.3, 1.2), rng.uniform(0, 6), int(rng.integers(40, 96))
    seen = ndimage.gaussian_filter(seen, (blur, blur, 0)) + rng.normal(0, noise, seen.shape)
    return through_jpeg(np.clip(np.rint(seen), 0, 255).astype(np.uint8), quality)


def _light(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """How bright each place is lit, float (H, W) up to 1: it falls off to one side."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    return rng.uniform(0.75, 0.98) * (1 - rng.uniform(0, 0.2) * (1 + np.cos(angle) * x + np.sin(angle) * y))
