"""Ink that is not a digit, made by code: letters as if written by hand, scribbles, doodles, faces, textures.

What a run does with them is the rate of right refusals. Nothing is read from disk or the network: the letters are
those of the font that Pillow carries inside. Evaluations need others: `tests/benchmarks/refusal.py` has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE = 84
"""Pixels of the square in which each is drawn: three for one of MNIST's."""
LETTERS = "AEFHKMNPRTUVWXYadefhkmnrtuvwx"
"""Letters that cannot be mistaken for a digit, however they are written; O, l, Z, S, b, q and the like are left out."""

_INK_SIDE = 60  # of the longest side of the ink: 20/28 of the square, as in MNIST
_FONT_SIZE = 56

Maker = Callable[[np.random.Generator], np.ndarray]


def not_digits(count: int, seed: int) -> dict[str, list[np.ndarray]]:
    """Draw `count` pieces of ink of each kind, uint8 (84, 84), bright on 0; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return {kind: [maker(rng) for _ in range(count)] for kind, maker in MAKERS.items()}


def letter(rng: np.random.Generator) -> np.ndarray:
    """Draw a letter of Pillow's own font, slanted, bent and with strokes of any width."""
    return written(LETTERS[rng.integers(len(LETTERS))], _font(), rng)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT_SIZE)


def written(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, rng: np.random.Generator) -> np.ndarray:
    """Distort printed text to look handwritten, uint8 (84, 84): turned, slanted and pulled about in waves."""
    image = Image.new("L", (2 * SIDE, 2 * SIDE))
    ImageDraw.Draw(image).text((SIDE, SIDE), text, 255, font, anchor="mm", stroke_width=int(rng.integers(0, 3)))
    turn, slant = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(-0.3, 0.3)
    matrix = np.array([[np.cos(turn), -np.sin(turn) + slant], [np.sin(turn), np.cos(turn)]])
    waves = ndimage.gaussian_filter(rng.normal(0, 1, (2, *image.size)), (0, 9, 9)) * 9 * rng.uniform(0, 9)
    places = np.indices(image.size).reshape(2, -1) - SIDE
    places = (matrix @ places + SIDE).reshape(2, *image.size) + waves
    return in_square(ndimage.map_coordinates(np.asarray(image, np.float32), places, order=1))


def scribble(rng: np.random.Generator) -> np.ndarray:
    """Draw a scribble: a line through nine to twenty random places."""
    places = rng.uniform(-45, 45, (rng.integers(9, 21), 2))
    return drawn([_smooth(places)], rng.uniform(2, 7))


def hatching(rng: np.random.Generator) -> np.ndarray:
    """Draw some lines side by side, perhaps crossed, as used to fill or strike out."""
    lines = []
    for angle in rng.uniform(0, np.pi, rng.integers(1, 3)):
        along = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-along[1], along[0]])
        for place in np.linspace(-26, 26, rng.integers(3, 7)):
            half = rng.uniform(18, 30)
            lines.append(np.array([place * aside - half * along, place * aside + half * along]) + rng.normal(0, 2, 2))
    return drawn(lines, rng.uniform(2, 6))


def smiley(rng: np.random.Generator) -> np.ndarray:
    """Draw a face in a few strokes: a round head, two eyes, a mouth."""
    angles = np.linspace(0, 2 * np.pi, 40)
    head = np.stack([28 * np.cos(angles), rng.uniform(24, 30) * np.sin(angles)], axis=1)
    eyes = [np.array([[x, -8.0], [x + 1, -8 + rng.uniform(1, 5)]]) for x in (-10.0, 10.0)]
    across = np.linspace(-12, 12, 12)
    mouth = np.stack([across, 12 + rng.uniform(-6, 6) * (1 - (across / 12) ** 2)], axis=1)
    nose = [np.array([[0.0, -3], [rng.uniform(-3, 3), 5]])] if rng.random() < 0.5 else []
    return drawn(
        [stroke + rng.normal(0, 0.6, stroke.shape) for stroke in (head, *eyes, mouth, *nose)], rng.uniform(2, 5)
    )


def shape(rng: np.random.Generator) -> np.ndarray:
    """Draw a doodle with three to five corners, closed, perhaps filled, or a star."""
    corners = int(rng.integers(3, 6))
    angles = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi)
    order = np.arange(corners) * (2 if corners == 5 else 1)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)[order % corners] * 28 + rng.normal(0, 3, (corners, 2))
    return drawn([np.concatenate([points, points[:1]])], rng.uniform(2, 6), fill=rng.random() < 0.3)


def texture(rng: np.random.Generator) -> np.ndarray:
    """Draw clouds of ink without strokes, as a photo without handwriting leaves them."""
    clouds = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), rng.uniform(1, 8))
    return in_square(np.clip(clouds / clouds.std() * 120, 0, 255))


def drawn(lines: list[np.ndarray], width: float, fill: bool = False) -> np.ndarray:
    """Draw strokes through (P, 2) points as (x, y) around (0, 0) with a round pen, as ink in a square."""
    big = 2 * SIDE
    image = Image.new("L", (2 * big, 2 * big))
    pen = ImageDraw.Draw(image)
    for line in lines:
        points = [tuple(point) for point in line * 2 + big]
        if fill:
            pen.polygon(points, 255)
        pen.line(points, 255, round(2 * width), joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse([x - width, y - width, x + width, y + width], 255)
    return in_square(np.asarray(image, np.float32))


def in_square(ink: np.ndarray) -> np.ndarray:
    """Scale ink (H, W), 0 to 255, and centre it as `prepare.cut_out` does, uint8 (84, 84)."""
    rows, columns = (np.flatnonzero((ink >= 32).any(axis=axis)) for axis in (1, 0))
    square = np.zeros((SIDE, SIDE), np.uint8)
    if not rows.size:
        return square
    inside = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _INK_SIDE / max(inside.shape)
    height, width = (max(1, round(side * scale)) for side in inside.shape)
    picture = Image.fromarray(np.clip(inside, 0, 255).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width] = np.asarray(picture)
    return square


def _smooth(places: np.ndarray) -> np.ndarray:
    """Return a curve through about (P, 2) places, eight points for each."""
    steps = np.linspace(0, len(places) - 1, 8 * len(places))
    line = np.stack([np.interp(steps, np.arange(len(places)), side) for side in places.T], axis=1)
    return ndimage.gaussian_filter1d(line, 3, axis=0, mode="nearest")


MAKERS: dict[str, Maker] = {
    "letters": letter,
    "scribbles": scribble,
    "hatching": hatching,
    "faces": smiley,
    "shapes": shape,
    "textures": texture,
}
