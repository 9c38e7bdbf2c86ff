"""Photos of whole sheets of handwritten digits, rendered from 28×28 digits, with the truth about each.

A sheet is laid out flat in millimetres (paper, printed lines, digits in one hand and pen), then photographed: seen
from the side, on a table or filling the frame, under uneven light, with blur, sensor noise and JPEG. Everything random
comes from the generator; `DEVELOPMENT_SEED` and `HELD_BACK_SEED` of `rendering` name what is tuned on and what decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from digits_core.recognition.segment import Box
from tests.benchmarks.rendering import brush_stroke, centre_line, clouds, homography, paper_grain, through_jpeg

Paper = Literal["plain", "ruled", "squared", "table"]
View = Literal["above", "turned", "edges", "inside", "cut"]

PER_MM = 8  # pixels of the flat sheet in a millimetre
MARGIN = 10.0  # millimetres that stay empty around the digits
INKS = ([20, 20, 25], [30, 50, 140], [100, 100, 104], [165, 35, 40], [25, 90, 60])  # the third is a pencil
PRINTS = ([130, 165, 205], [165, 170, 180], [190, 160, 165])  # blue, grey and reddish lines
SIDES = (1280, 1600, 2048, 3000, 4032)


@dataclass(frozen=True)
class Conditions:
    """How a sheet is photographed; the rest of it is drawn at random.

    View: "above" straight from above, paper filling the frame; "turned" the same by some degrees; "edges" from the
    side with the whole paper on a table; "inside" from the side, paper filling the frame; "cut" from the side, the
    table seen at two edges of the paper while the rest of it lies outside the frame.
    """

    paper: Paper = "plain"
    view: View = "above"
    shadow: bool = False
    noise: bool = False
    quality: int = 85
    grid: bool = False
    side: int = 1600
    count: int | None = None
    dashes: bool = False

    def __str__(self) -> str:
        marks = [mark for mark in ("shadow", "noise", "grid", "dashes") if getattr(self, mark)]
        return " ".join([self.paper, self.view, *marks, f"q{self.quality}", f"{self.side}px"])


@dataclass(frozen=True)
class WrittenDigit:
    """A digit on a photo: its label, the row it was written in, and points (P, 2) as (x, y) all along its ink."""

    label: int
    row: int
    outline: np.ndarray

    def box(self, to_picture: np.ndarray | None = None) -> Box:
        """The box around its ink, in pixels of the photo or of what the homography (3, 3) takes the photo to."""
        points = self.outline if to_picture is None else warped(self.outline, to_picture)
        (left, top), (right, bottom) = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
        return Box(int(left), int(top), int(right - left), int(bottom - top))


@dataclass(frozen=True)
class SheetPhoto:
    """A photo, uint8 RGB (H, W, 3), and what is written on it, in reading order."""

    photo: np.ndarray
    digits: tuple[WrittenDigit, ...]


@dataclass
class _Flat:
    """A sheet as it lies: millimetres wide and high, coverage (H, W) of ink, tones (H, W, 3) of paper and print."""

    width: float
    height: float
    ink: np.ndarray
    tones: np.ndarray
    digits: list[WrittenDigit]


def all_conditions(seed: int) -> list[Conditions]:
    """80 sheets: each paper in each view, with and without shadow and noise; JPEG quality and the rest at random."""
    rng = np.random.default_rng(seed)
    combined = itertools.product(
        ("plain", "ruled", "squared", "table"),
        ("above", "turned", "edges", "inside", "cut"),
        (False, True),
        (False, True),
    )
    return [
        Conditions(
            paper,
            view,
            shadow,
            noise,
            int(rng.integers(30, 96)),
            paper == "table" or rng.random() < 0.3,
            int(rng.choice(SIDES)),
            None,
            bool(rng.random() < 0.2),
        )
        for paper, view, shadow, noise in combined
    ]


def photograph(conditions: Conditions, digits: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> SheetPhoto:
    """A sheet of some of the (N, 28, 28) digits (uint8), photographed."""
    flat = _written(conditions, digits, labels, rng)
    height, width, to_photo = _seen(conditions, flat, rng)
    tones = flat.tones * (1 - flat.ink[..., None]) + _ink_colour(conditions, rng) * flat.ink[..., None]
    scene = _on_table(tones, to_photo, height, width, conditions.view in ("edges", "cut"), rng)
    scene *= _light(height, width, conditions.shadow, rng)[..., None]
    blur = rng.uniform(0.3, 0.0008 * max(height, width))
    scene = ndimage.gaussian_filter(scene, (blur, blur, 0), truncate=3)
    noise = rng.uniform(4, 8) if conditions.noise else rng.uniform(0, 2)
    scene += noise * rng.standard_normal(scene.shape, dtype=np.float32)
    photo = through_jpeg(np.clip(np.rint(scene), 0, 255).astype(np.uint8), conditions.quality)
    return SheetPhoto(
        photo, tuple(WrittenDigit(each.label, each.row, warped(each.outline, to_photo)) for each in flat.digits)
    )


def warped(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Points (P, 2) as (x, y) after a homography (3, 3)."""
    moved = np.column_stack([points, np.ones(len(points))]) @ transform.T
    return moved[:, :2] / moved[:, 2:]


def _written(conditions: Conditions, digits: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> _Flat:
    """Paper with print on it and digits between the lines."""
    width, height = [(210.0, 297.0), (148.0, 210.0), (297.0, 210.0)][rng.integers(3)]
    shape = round(height * PER_MM), round(width * PER_MM)
    spacing = {"plain": 1.0, "ruled": rng.uniform(7, 10), "squared": rng.choice([4.0, 5.0]), "table": 1.0}[
        conditions.paper
    ]
    size = {
        "plain": rng.uniform(6, 14),
        "ruled": spacing * rng.uniform(0.6, 0.95),
        "squared": spacing * rng.uniform(1.0, 2.6),
        "table": rng.uniform(7, 14),
    }[conditions.paper]
    cell = size * rng.uniform(1.4, 2.0) if conditions.grid else None
    flat = _Flat(width, height, np.zeros(shape, np.float32), _paper(shape, rng), [])
    top = MARGIN + rng.uniform(0, 10)
    if conditions.paper in ("ruled", "squared"):
        top = np.ceil(top / spacing) * spacing
        _print_lines(flat, conditions.paper, spacing, rng)
    wanted = conditions.count or int(np.exp(rng.uniform(np.log(10), np.log(100))))
    places = list(itertools.islice(_places(flat, size, cell, spacing, top, conditions.paper, rng), wanted))
    if conditions.paper == "table":
        _print_table(flat, places, cell, top, rng)
    _write(flat, places, size, digits, labels, conditions.dashes, rng)
    return flat


def _places(
    flat: _Flat, size: float, cell: float | None, spacing: float, top: float, paper: Paper, rng: np.random.Generator
) -> Iterator[tuple[int, float, float]]:
    """Rows and places (row, x, y) in millimetres at which digits of this size are centred, in reading order."""
    step = cell or size * rng.uniform(1.4, 2.6)
    if paper in ("ruled", "squared"):
        step = (
            max(1, np.ceil(1.25 * size / spacing)) * spacing
            if paper == "squared"
            else max(1, round(step / spacing)) * spacing
        )
    left = MARGIN + rng.uniform(0, 12)
    gap = rng.uniform(0.2, 1.2)
    slant = np.tan(np.deg2rad(rng.uniform(-0.6, 0.6)))
    per_row = int(rng.integers(5, 16))
    row = 0
    while (y := top + (row + 0.5) * step) < flat.height - MARGIN - size:
        x = left + (cell / 2 if cell else size * rng.uniform(0.4, 0.9))
        for _ in range(per_row):
            if x > flat.width - MARGIN - size / 2:
                break
            wander = (0 if paper == "table" else slant * x) + size * rng.normal(0, 0.04)
            yield row, x, y + wander
            x += cell or size * (0.9 + rng.uniform(0.5, 1.2) * gap)
        row += 1


def _write(
    flat: _Flat,
    places: list[tuple[int, float, float]],
    size: float,
    digits: np.ndarray,
    labels: np.ndarray,
    dashes: bool,
    rng: np.random.Generator,
) -> None:
    """Put a digit at each place, all with one pen; with dashes, some places hold a dash instead."""
    pen = rng.uniform(0.4, 1.0) if rng.random() < 0.8 else None  # millimetres; None: each digit's own strokes
    unevenness = rng.uniform(0, 0.3)
    for row, x, y in places:
        if dashes and rng.random() < 0.08:
            line = np.column_stack([np.full(40, 14.0), np.linspace(10, 18, 40)])
            _stamp(flat, brush_stroke(line * size * PER_MM / 20, (pen or 0.8) * PER_MM, _patch(size)), x, y)
            continue
        index = int(rng.integers(len(digits)))
        coverage = _strokes(digits[index], size * rng.uniform(0.88, 1.12), pen, rng)
        tones = np.clip(1 - unevenness * abs(clouds(*coverage.shape, 3.0, rng)), 0, 1)
        points = _stamp(flat, coverage * tones, x, y, solid=coverage >= 0.5)
        flat.digits.append(WrittenDigit(int(labels[index]), row, points))


def _patch(size: float) -> tuple[int, int]:
    """The pixels of an image of 28×28 whose digit, 20 of its pixels high, is so many millimetres high."""
    side = round(size * PER_MM * 28 / 20)
    return side, side


def _strokes(digit: np.ndarray, size: float, pen: float | None, rng: np.random.Generator) -> np.ndarray:
    """One digit, float32 (S, S) in 0…1, with a pen of so many millimetres along its centre line, or its own strokes."""
    shape = _patch(size)
    scale = shape[0] / 28
    if pen is None:
        smooth = Image.fromarray(digit).resize(shape, Image.Resampling.BICUBIC)
        fine = ndimage.gaussian_filter(np.asarray(smooth, np.float32) / max(1, digit.max()), 0.25 * scale)
        return np.clip((fine - 0.45) * 0.5 * scale + 0.5, 0, 1)
    line, own_width = centre_line(digit)
    return brush_stroke(line * scale, max(pen * PER_MM, own_width * scale / 2), shape)


def _stamp(flat: _Flat, coverage: np.ndarray, x: float, y: float, solid: np.ndarray | None = None) -> np.ndarray:
    """Lay ink on the sheet, centred at (x, y) millimetres; the corners (P, 2) of its solid pixels, in pixels."""
    top, left = round(y * PER_MM) - coverage.shape[0] // 2, round(x * PER_MM) - coverage.shape[1] // 2
    inside = flat.ink[max(0, top) : top + coverage.shape[0], max(0, left) : left + coverage.shape[1]]
    part = coverage[max(0, -top) :, max(0, -left) :][: inside.shape[0], : inside.shape[1]]
    np.maximum(inside, part, out=inside)
    rows, columns = np.nonzero(coverage >= 0.5 if solid is None else solid)
    points = np.column_stack([columns + left, rows + top]).astype(float)
    return np.concatenate([points, points + 1])


def _paper(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    colour = rng.uniform(205, 250) + np.array([0, -3, -12]) * rng.uniform(0, 1.5)
    grain = 1 + paper_grain(*shape, rng)
    return (colour * grain[..., None]).astype(np.float32)


def _lay(flat: _Flat, rows: slice, columns: slice, colour: np.ndarray, strength: float = 1.0) -> None:
    part = flat.tones[rows, columns]
    part += strength * (colour.astype(np.float32) - part)


def _across(at: float, width: float) -> slice:
    """The pixels of a line of so many millimetres around a place."""
    first = round((at - width / 2) * PER_MM)
    return slice(max(0, first), first + max(1, round(width * PER_MM)))


def _print_lines(flat: _Flat, paper: Paper, spacing: float, rng: np.random.Generator) -> None:
    """Lines across the sheet, on squared paper also down; often a red margin line."""
    colour = np.array(PRINTS[rng.integers(len(PRINTS))], float)
    strength, width = rng.uniform(0.5, 1.0), rng.uniform(0.15, 0.35)
    everywhere = slice(None)
    for at in np.arange(spacing, flat.height - 2, spacing):
        _lay(flat, _across(at, width), everywhere, colour, strength)
    if paper == "squared":
        for at in np.arange(spacing, flat.width - 1, spacing):
            _lay(flat, everywhere, _across(at, width), colour, strength)
    if rng.random() < 0.5:
        at = flat.width - 9 if rng.random() < 0.5 else 9
        _lay(flat, everywhere, _across(at, rng.uniform(0.25, 0.45)), np.array([205, 90, 90], float))


def _print_table(
    flat: _Flat, places: list[tuple[int, float, float]], cell: float, top: float, rng: np.random.Generator
) -> None:
    """A printed table with a cell around each place."""
    colour, width = np.full(3, rng.uniform(60, 170)), rng.uniform(0.2, 0.5)
    xs = sorted({round(x, 3) for _, x, _ in places})
    rows = max(row for row, _, _ in places) + 1
    left, right, bottom = xs[0] - cell / 2, xs[-1] + cell / 2, top + rows * cell
    for row in range(rows + 1):
        _lay(flat, _across(top + row * cell, width), slice(round(left * PER_MM), round(right * PER_MM)), colour)
    for x in [left, *(x + cell / 2 for x in xs)]:
        _lay(flat, slice(round(top * PER_MM), round(bottom * PER_MM)), _across(x, width), colour)


def _ink_colour(conditions: Conditions, rng: np.random.Generator) -> np.ndarray:
    return (np.array(INKS[rng.integers(len(INKS))]) + rng.uniform(-12, 12, 3)).astype(np.float32)


def _seen(conditions: Conditions, flat: _Flat, rng: np.random.Generator) -> tuple[int, int, np.ndarray]:
    """Height and width of the photo, and the homography (3, 3) from the flat sheet's pixels to the photo's."""
    room = rng.uniform(0.05, 0.15) if conditions.view == "edges" else -0.08 if conditions.view == "cut" else 0.0
    shift = rng.uniform(0.06, 0.14, 2) if conditions.view == "cut" else np.zeros(2)  # shares of the frame
    scale = conditions.side / max(flat.width, flat.height) / PER_MM
    size = np.array([flat.width, flat.height]) * PER_MM * scale  # of the paper in the photo, were it seen straight
    width, height = np.round(size).astype(int)
    angle = np.deg2rad(rng.uniform(-4, 4)) * (conditions.view != "above")
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    skew = rng.uniform(-0.09, 0.09, (4, 2)) * (conditions.view in ("edges", "inside", "cut"))
    corners = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) + skew) @ turn.T * (size / 2)
    written = np.concatenate([each.outline for each in flat.digits])
    flat_corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array([flat.width, flat.height]) * PER_MM
    # The camera goes back until the paper, or where it fills the frame at least all that is written, is in the frame.
    for shrink in np.arange(1 - room, 0.5, -0.01):
        transform = _matrix(flat_corners, corners * shrink + (0.5 + shift) * size)
        must = flat_corners if conditions.view == "edges" else written
        seen = warped(must, transform)
        border = 0.012 * conditions.side
        if (seen > border).all() and (seen < size - border).all():
            break
    return int(height), int(width), transform


def _matrix(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.array([*homography(source, target), 1.0]).reshape(3, 3)


def _on_table(
    tones: np.ndarray, to_photo: np.ndarray, height: int, width: int, table: bool, rng: np.random.Generator
) -> np.ndarray:
    """The sheet in the photo's frame on a table, float32 (H, W, 3); without a table the paper goes on and on."""
    scale = np.sqrt(abs(np.linalg.det(to_photo[:2, :2])))
    if scale < 1:  # pixels of a camera are means over an area: no aliasing
        tones = ndimage.gaussian_filter(tones, (0.45 / scale, 0.45 / scale, 0), truncate=3)
    rim = 0 if table else 400  # pixels in which paper and lines go on
    tones = np.pad(tones, ((rim, rim), (rim, rim), (0, 0)), mode="edge")
    back = np.linalg.inv(to_photo @ np.array([[1, 0, -rim], [0, 1, -rim], [0, 0, 1.0]]))
    back = (back / back[2, 2]).reshape(-1)[:8]
    flat = np.clip(np.rint(tones), 0, 255).astype(np.uint8)
    on_sheet = np.full(flat.shape[:2], 255, np.uint8)
    warp = (width, height), Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC
    seen = np.asarray(Image.fromarray(flat).transform(*warp), dtype=np.float32)
    share = np.asarray(Image.fromarray(on_sheet).transform(*warp), dtype=np.float32)[..., None] / 255
    return seen * share + _table(height, width, rng) * (1 - share)


def _table(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A table top, float32 (H, W, 3), streaky as wood, with crumbs on it."""
    colour = np.array([rng.uniform(50, 165)] * 3) * np.array([1.0, 0.85, 0.7])
    streaks = clouds(height, width, 20, rng)[:, ::20]
    streaks = np.asarray(Image.fromarray(streaks).resize((width, height), Image.Resampling.BICUBIC))
    table = colour * (1 + 0.08 * streaks[..., None])
    dirt = np.zeros((height, width), dtype=bool)
    dirt[rng.integers(0, height, 40), rng.integers(0, width, 40)] = True
    table[ndimage.binary_dilation(dirt, iterations=max(2, width // 300))] *= rng.uniform(0.3, 1.4)
    return table.astype(np.float32)


def _light(height: int, width: int, shadow: bool, rng: np.random.Generator) -> np.ndarray:
    """How bright each place is lit, float32 (H, W) up to 1: a gradient, darker corners, perhaps a shadow's edge."""
    rows, columns = max(2, height // 4), max(2, width // 4)
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0, 0.2) * (np.cos(angle) * x + np.sin(angle) * y + 1)
    light = light - rng.uniform(0, 0.1) * (x * x + y * y)
    if shadow:
        side = rng.uniform(0, 2 * np.pi)
        along, across = np.cos(side) * x + np.sin(side) * y, np.cos(side) * y - np.sin(side) * x
        edge = across - rng.uniform(-0.5, 0.5) - rng.uniform(-0.3, 0.3) * np.sin(rng.uniform(1, 3) * along)
        light = light * (1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-edge / rng.uniform(0.008, 0.1))))
    light = np.clip(light * rng.uniform(0.75, 1), 0.15, 1).astype(np.float32)
    return np.asarray(Image.fromarray(light).resize((width, height), Image.Resampling.BILINEAR))
