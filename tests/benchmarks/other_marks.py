"""What people bring that is no digit, other than the marks that the library calibrates with: to judge refusals by.

It shares no font, kind or seed with `recognition.synthetic_negatives`. Fonts come inside matplotlib, photos of faces
and of things inside scikit-image: nothing is downloaded. Two seeds have names: `DEVELOPMENT_SEED` to choose a score by,
`HELD_BACK_SEED` to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont
from skimage import data

from digits_core.errors import PictureError
from digits_core.recognition.prepare import cut_out, to_ink
from digits_core.recognition.synthetic_negatives import LETTERS, drawn, written

FONTS = ("DejaVuSans", "DejaVuSerif-Bold", "DejaVuSansMono-Oblique", "STIXGeneralItalic", "cmr10", "cmtt10")
SYMBOLS = "?!&%#@+=*~<>$€§"
WORDS = ("no", "hello", "ok", "yes", "Anna", "mm", "the", "was", "Haus")

Maker = Callable[[np.random.Generator], np.ndarray]


def other_marks(count: int, seed: int, kinds: Sequence[str] = ()) -> dict[str, list[np.ndarray]]:
    """`count` of each kind, or of these kinds, uint8 squares (S, S), bright on 0; piece i follows from seed and i."""
    return {
        kind: [MAKERS[kind](np.random.default_rng((seed, index))) for index in range(count)] for kind in kinds or MAKERS
    }


def letter(rng: np.random.Generator) -> np.ndarray:
    return written(LETTERS[rng.integers(len(LETTERS))], _font(rng), rng)


def symbol(rng: np.random.Generator) -> np.ndarray:
    return written(SYMBOLS[rng.integers(len(SYMBOLS))], _font(rng), rng)


def word(rng: np.random.Generator) -> np.ndarray:
    return written(WORDS[rng.integers(len(WORDS))], _font(rng).font_variant(size=36), rng)


def curl(rng: np.random.Generator) -> np.ndarray:
    """Loops along a line, as a pen is tried out, or a spiral."""
    along = np.linspace(0, 1, 160)
    angle = along * 2 * np.pi * rng.uniform(2.5, 6)
    if rng.random() < 0.5:
        line = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (30 * along[:, None])
    else:
        line = np.stack([60 * along - 30 + 8 * np.cos(angle), rng.uniform(6, 16) * np.sin(angle)], axis=1)
    return drawn([_turned(line, rng) + rng.normal(0, 0.3, line.shape)], rng.uniform(2, 5))


def zigzag(rng: np.random.Generator) -> np.ndarray:
    """To and fro, getting on a little each time, as one crosses something out."""
    turns = int(rng.integers(6, 14))
    along = np.linspace(-28, 28, turns)
    aside = np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(8, 28, turns)
    return drawn([_turned(np.stack([along, aside], axis=1), rng)], rng.uniform(2, 6))


def doodle(rng: np.random.Generator) -> np.ndarray:
    """A house, a heart, an arrow, a stick figure, a tree or a flower, in strokes."""
    names = list(_DOODLES)
    strokes = _DOODLES[names[rng.integers(len(names))]]
    bend = rng.normal(0, 1.2, 2)
    return drawn(
        [np.array(stroke, float) * (1 + bend / 12) + rng.normal(0, 1, (len(stroke), 2)) for stroke in strokes],
        rng.uniform(2, 5),
    )


def face(rng: np.random.Generator) -> np.ndarray:
    """A photo of a face, 25×25 pixels (Labeled Faces in the Wild), as the app finds ink in it."""
    faces = np.rint(data.lfw_subset()[:100] * 255).astype(np.uint8)
    return _first_with_ink(lambda: faces[rng.integers(len(faces))])


def photo(rng: np.random.Generator) -> np.ndarray:
    """A part of a photo of things, a quarter to a half as wide and high, as the app finds ink in it."""
    return _first_with_ink(lambda: _part(_photo(_PHOTOS[rng.integers(len(_PHOTOS))]), rng))


def _part(whole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = (round(side * rng.uniform(0.25, 0.5)) for side in whole.shape[:2])
    top, left = rng.integers(whole.shape[0] - height), rng.integers(whole.shape[1] - width)
    return whole[top : top + height, left : left + width]


def _first_with_ink(picture: Callable[[], np.ndarray]) -> np.ndarray:
    """The ink of the first picture that shows any; the others are refused before a network sees them."""
    while True:
        with suppress(PictureError):
            return cut_out(to_ink(Image.fromarray(picture()).convert("L").resize((168, 168), Image.Resampling.BICUBIC)))


def _font(rng: np.random.Generator) -> ImageFont.FreeTypeFont:
    return _opened(FONTS[rng.integers(len(FONTS))])


@cache
def _opened(name: str) -> ImageFont.FreeTypeFont:
    folder = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"{name}.ttf"), 56)


_PHOTOS = ("astronaut", "camera", "coffee", "chelsea", "rocket", "coins", "moon")


@cache
def _photo(name: str) -> np.ndarray:
    return np.asarray(getattr(data, name)())


def _turned(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return line @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _arc(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> list[tuple[float, float]]:
    angles = np.deg2rad(np.linspace(start, end, 24))
    return [(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in angles]


_HEART = [
    (16 * np.sin(t) ** 3 * 1.7, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t)) * 1.7)
    for t in np.linspace(0, 2 * np.pi, 40)
]
_DOODLES: dict[str, list[list[tuple[float, float]]]] = {
    "house": [
        [(-22, 28), (-22, -4), (22, -4), (22, 28), (-22, 28)],
        [(-26, -2), (0, -28), (26, -2)],
        [(-5, 28), (-5, 12), (6, 12), (6, 28)],
    ],
    "heart": [_HEART],
    "arrow": [[(-28, 10), (28, -10)], [(10, -20), (28, -10), (17, 8)]],
    "figure": [_arc(0, -20, 9), [(0, -11), (0, 10)], [(-16, -2), (16, -4)], [(-13, 30), (0, 10), (14, 30)]],
    "tree": [[(-4, 30), (-4, 8)], [(5, 30), (5, 8)], _arc(0, -8, 18)],
    "flower": [
        _arc(0, -14, 4),
        _arc(-8, -14, 5),
        _arc(8, -14, 5),
        _arc(0, -22, 5),
        _arc(0, -6, 5),
        [(0, 0), (1, 30)],
        [(0, 18), (12, 10)],
    ],
}

MAKERS: dict[str, Maker] = {
    "letters": letter,
    "symbols": symbol,
    "words": word,
    "curls": curl,
    "zigzags": zigzag,
    "doodles": doodle,
    "photos of faces": face,
    "photos of things": photo,
}
