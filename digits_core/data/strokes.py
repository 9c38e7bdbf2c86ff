"""Synthetic digits drawn from pen strokes: forms that are common in Europe and rare in MNIST.

`read_strokes` reads them from a file that comes with this package, so that every machine has the same pixels, whatever
its version of Pillow; `python -m digits_core.data.strokes` regenerates that file.

A 1 with a long upstroke or a foot, a 7 with a hook or a bar through it, an open 4, a 9 with a straight stem: MNIST was
written in the United States and has few of them, so a network trained on it alone reads them as other digits. Each
form is a few control points per stroke; a drawing moves them at random, slants and stretches the whole, and follows
them with a round pen of random width.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from digits_core.data.digits import CLASSES, Digits, stratified_split

FILE = Path(__file__).with_name("strokes.npz")

SIDE = 28
PER_DIGIT = 300
SEED = 0

_INK_SIDE = 20  # pixels of the longest side of the ink, as in MNIST
_OVERSAMPLING = 4
_JITTER = 0.035  # standard deviation of a control point, as a share of the digit's height

Stroke = list[tuple[float, float]]
"""Control points (x, y), y downwards, in a box of height 1."""
Drawing = list[tuple[Stroke, bool]]
"""Strokes, each with True for a smooth curve, False for straight lines from point to point."""
Form = Callable[[np.random.Generator], Drawing]


def read_strokes() -> Digits:
    """Return the 3,000 digits of the file, uint8 (N, 28, 28)."""
    with np.load(FILE, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    return Digits("strokes", images, labels, stratified_split(images, labels))


def draw_digits(per_digit: int = PER_DIGIT, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8 (N, 28, 28), ink bright on 0, and labels, int64 (N,): all ten digits in turn."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(CLASSES), per_digit)
    return np.stack([draw(int(label), rng) for label in labels]), labels


def draw(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a digit, uint8 (28, 28), with its ink's bounding box centred."""
    forms = FORMS[digit]
    return drawn_by_hand(forms[rng.integers(len(forms))](rng), rng)


def drawn_by_hand(strokes: Drawing, rng: np.random.Generator) -> np.ndarray:
    """Draw strokes as a hand might, uint8 (28, 28): moved, slanted, stretched, with a pen of random width."""
    slant, stretch = rng.normal(0.08, 0.13), rng.uniform(0.75, 1.3)
    turn = np.deg2rad(rng.normal(0, 4))
    matrix = np.array([[stretch * np.cos(turn), -slant - np.sin(turn)], [stretch * np.sin(turn), np.cos(turn)]])
    lines = [_line(stroke, curved, rng) @ matrix.T for stroke, curved in strokes]
    return _inked(lines, rng.uniform(1.2, 3.6))


def _line(stroke: Stroke, curved: bool, rng: np.random.Generator) -> np.ndarray:
    """Return a stroke's points, float64 (P, 2), after moving its control points slightly."""
    points = np.array(stroke) + rng.normal(0, _JITTER, (len(stroke), 2))
    if not curved or len(points) < 3:
        return points
    from scipy.interpolate import make_interp_spline  # only drawing needs it

    steps = np.linspace(0, 1, len(points))
    return make_interp_spline(steps, points, k=min(3, len(points) - 1))(np.linspace(0, 1, 12 * len(points)))


def _inked(lines: list[np.ndarray], width: float) -> np.ndarray:
    """Draw lines with a round pen `width` pixels wide, uint8 (28, 28)."""
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = (_INK_SIDE - width) / max(float((high - low).max()), 1e-6)
    side = SIDE * _OVERSAMPLING
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    thick = width * _OVERSAMPLING
    for line in lines:
        places = ((line - (low + high) / 2) * scale + SIDE / 2) * _OVERSAMPLING
        points = [tuple(place) for place in places]
        pen.line(points, 255, max(1, round(thick)), joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], 255)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _maybe(rng: np.random.Generator, chance: float, *strokes: tuple[Stroke, bool]) -> Drawing:
    return list(strokes) if rng.random() < chance else []


def _one(rng: np.random.Generator) -> Drawing:
    """Draw a 1 with an upstroke of any length, and sometimes a foot."""
    reach, drop = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.75)
    corner = (0.5, 0.0)
    stem: tuple[Stroke, bool] = ([(0.5 - reach, drop), corner, (0.5 + rng.normal(0, 0.04), 1.0)], False)
    half = rng.uniform(0.15, 0.4)
    return [stem, *_maybe(rng, 0.4, ([(0.5 - half, 1.0), (0.5 + half, 1.0 + rng.normal(0, 0.03))], False))]


def _one_with_serif(rng: np.random.Generator) -> Drawing:
    """Draw a 1 as printed: a short serif above, a foot below."""
    half = rng.uniform(0.15, 0.35)
    return [
        ([(0.5 - rng.uniform(0.1, 0.25), rng.uniform(0.08, 0.25)), (0.5, 0.0), (0.5, 1.0)], False),
        ([(0.5 - half, 1.0), (0.5 + half, 1.0)], False),
    ]


def _stick(rng: np.random.Generator) -> Drawing:
    return [([(0.5, 0.0), (0.5 + rng.normal(0, 0.03), 0.5), (0.5, 1.0)], True)]


def _two(rng: np.random.Generator) -> Drawing:
    width = rng.uniform(0.5, 0.7)
    arch: Stroke = [(0.03, 0.25), (0.15, 0.04), (0.35, 0.0), (width, 0.22), (0.4, 0.6), (0.0, 0.98)]
    return [(arch, True), ([(0.0, 0.98), (width + 0.05, 0.98 + rng.normal(0, 0.04))], False)]


def _two_with_loop(rng: np.random.Generator) -> Drawing:
    upper: Stroke = [(0.05, 0.2), (0.3, 0.0), (0.55, 0.2), (0.35, 0.62), (0.08, 0.93)]
    return [([*upper, (0.05, 0.78), (0.25, 0.85), (0.65, 0.97)], True)]


def _three(rng: np.random.Generator) -> Drawing:
    upper: Stroke = [(0.05, 0.12), (0.28, 0.0), (0.5, 0.2), (0.22, 0.45)]
    lower: Stroke = [(0.22, 0.45), (0.55, 0.62), (0.45, 0.92), (0.2, 1.0), (0.0, 0.86)]
    return [(upper, True), (lower, True)]


def _flat_three(rng: np.random.Generator) -> Drawing:
    """Draw a 3 with a straight top and a corner, like a Z above a bow."""
    return [
        ([(0.05, 0.0), (0.55, 0.0), (0.25, 0.4)], False),
        ([(0.25, 0.4), (0.58, 0.55), (0.5, 0.9), (0.22, 1.0), (0.0, 0.88)], True),
    ]


def _closed_four(rng: np.random.Generator) -> Drawing:
    bar = rng.uniform(0.55, 0.72)
    return [
        ([(0.5, 0.0), (0.0, bar), (rng.uniform(0.6, 0.8), bar)], False),
        ([(0.5, rng.uniform(0.0, 0.45)), (0.5, 1.0)], False),
    ]


def _open_four(rng: np.random.Generator) -> Drawing:
    """Draw a 4 as an angle or a bowl, and a stem that crosses or ends it."""
    bar, stem = rng.uniform(0.5, 0.65), rng.uniform(0.4, 0.6)
    top = rng.uniform(0.0, 0.4)
    curved = rng.random() < 0.5
    bowl: Stroke = (
        [(0.12, 0.0), (0.02, bar * 0.8), (0.15, bar), (stem, bar * 0.9)]
        if curved
        else [(rng.uniform(0.08, 0.25), 0.0), (0.0, bar), (stem + rng.uniform(0.0, 0.25), bar)]
    )
    return [(bowl, curved), ([(stem + rng.normal(0.03, 0.03), top), (stem, 1.0)], False)]


def _five(rng: np.random.Generator) -> Drawing:
    """Draw a 5 with its bar apart from the bow, as most hands write it."""
    start = (0.1 + rng.normal(0, 0.03), 0.0)
    return [
        ([start, (0.06, 0.42)], False),
        ([(0.06, 0.42), (0.32, 0.36), (0.55, 0.6), (0.42, 0.92), (0.18, 1.0), (0.0, 0.88)], True),
        ([(start[0] - rng.uniform(-0.05, 0.08), 0.0), (0.6, rng.normal(0, 0.04))], False),
    ]


def _five_in_one_stroke(rng: np.random.Generator) -> Drawing:
    return [
        (
            [(0.58, 0.0), (0.15, 0.02), (0.08, 0.4), (0.3, 0.38), (0.55, 0.6), (0.42, 0.92), (0.18, 1.0), (0.0, 0.9)],
            True,
        )
    ]


def _six(rng: np.random.Generator) -> Drawing:
    loop = rng.uniform(0.42, 0.6)
    return [
        (
            [
                (rng.uniform(0.35, 0.5), 0.0),
                (0.12, 0.35),
                (0.02, 0.72),
                (0.25, 1.0),
                (0.5, 0.78),
                (0.3, loop),
                (0.06, 0.75),
            ],
            True,
        )
    ]


def _seven(rng: np.random.Generator) -> Drawing:
    """Draw a 7 with a straight or wavy top, a straight or bent stem, often an initial hook, often a bar through it."""
    width = rng.uniform(0.45, 0.7)
    end = rng.uniform(0.05, 0.4)
    hook = [(rng.normal(0, 0.03), rng.uniform(0.1, 0.3))] if rng.random() < 0.4 else []
    middle = rng.uniform(0.4, 0.6)
    across = width + (end - width) * middle
    half = rng.uniform(0.15, 0.3)
    bent = rng.random() < 0.4
    stem: Stroke = (
        [(width, 0.0), (across - rng.uniform(0, 0.08), middle), (end, 1.0)] if bent else [(width, 0.0), (end, 1.0)]
    )
    return [
        ([*hook, (0.0, rng.normal(0, 0.04)), (width, 0.0)], False),
        (stem, bent),
        *_maybe(rng, 0.65, ([(across - half, middle + rng.normal(0, 0.04)), (across + half, middle)], False)),
    ]


def _arched_seven(rng: np.random.Generator) -> Drawing:
    """Draw a 7 as one curve from a hook over an arch into the stem, often with a bar."""
    width = rng.uniform(0.4, 0.6)
    return [
        (
            [
                (0.0, rng.uniform(0.15, 0.35)),
                (0.1, 0.03),
                (width * 0.7, 0.0),
                (width, 0.15),
                (width * 0.8, 0.55),
                (width * 0.6, 1.0),
            ],
            True,
        ),
        *_maybe(rng, 0.7, ([(width * 0.8 - 0.22, 0.56), (width * 0.8 + 0.22, 0.54)], False)),
    ]


def _four_as_a_flash(rng: np.random.Generator) -> Drawing:
    """Draw a 4 in one stroke: down, up to the right, and down the stem."""
    low, high = rng.uniform(0.55, 0.75), rng.uniform(0.15, 0.4)
    return [([(0.12, 0.0), (0.0, low), (0.5, high), (0.45 + rng.normal(0, 0.04), 1.0)], False)]


def _eight(rng: np.random.Generator) -> Drawing:
    waist = rng.uniform(0.4, 0.5)
    return [
        (
            [
                (0.42, 0.08),
                (0.2, 0.0),
                (0.06, 0.2),
                (0.28, waist),
                (0.52, 0.75),
                (0.28, 1.0),
                (0.02, 0.76),
                (0.26, waist),
                (0.48, 0.2),
                (0.4, 0.06),
            ],
            True,
        )
    ]


def _nine(rng: np.random.Generator) -> Drawing:
    """Draw a 9 as a loop with a straight stem, or with a tail that curves to the left."""
    loop: Stroke = [(0.5, 0.15), (0.28, 0.0), (0.02, 0.2), (0.2, rng.uniform(0.42, 0.55)), (0.5, 0.25), (0.52, 0.12)]
    if rng.random() < 0.5:
        return [(loop, True), ([(0.52, 0.1), (0.5 + rng.normal(0, 0.05), 1.0)], False)]
    tail: Stroke = [(0.52, 0.1), (0.52, 0.65), (0.35, 0.97), (0.05, rng.uniform(0.85, 1.0))]
    return [(loop, True), (tail, True)]


def _zero(rng: np.random.Generator) -> Drawing:
    """Draw a 0 as an oval whose end meets, misses or crosses its beginning."""
    start = rng.uniform(-0.3, 1.2)
    angles = np.linspace(start, start + 2 * np.pi * rng.uniform(0.93, 1.12), 10)
    half = rng.uniform(0.25, 0.42)
    return [([(0.4 - half * np.sin(angle), 0.5 - 0.5 * np.cos(angle)) for angle in angles], True)]


FORMS: tuple[tuple[Form, ...], ...] = (
    (_zero,),
    (_one, _one, _one_with_serif, _stick),
    (_two, _two_with_loop),
    (_three, _flat_three),
    (_closed_four, _open_four, _open_four, _four_as_a_flash),
    (_five, _five_in_one_stroke),
    (_six,),
    (_seven, _seven, _arched_seven),
    (_eight,),
    (_nine,),
)
"""The forms of each digit, 0 to 9; one that is listed twice is drawn twice as often."""


if __name__ == "__main__":
    images, labels = draw_digits()
    np.savez_compressed(FILE, images=images, labels=labels)
