"""The story of a hand of one's own: `python -m tests.benchmarks own-hand`.

Forty drawings of one hand are saved as the Handwriting page saves them, "Lecture + my handwriting" is trained, and
sixty new drawings of the same hand are read as the Recognise page reads them, beside what the lecture's network reads.
A hand is drawn by code: its own proportions, slant and pen, and forms that differ a little with every drawing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from digits_core.data.builtin import read_optdigits
from digits_core.data.handwriting_store import Handwriting, NewSample
from digits_core.database import Database
from digits_core.recognition.out_of_distribution import calibrate
from digits_core.recognition.sample import drawn, kept_paper, sample_of
from digits_core.training.check import choose_digits
from digits_core.training.recipes import find
from tests.benchmarks.measurement import Measurement, Target, counted
from tests.benchmarks.recognition_accuracy import trained_on

SIDE = 280  # of the page's canvas
SAVED, NEW = 4, 6  # drawings of each digit
PEN = 18
HANDS = 5
Points = list[tuple[float, float]]


def _arc(x: float, y: float, across: float, down: float, start: float, end: float) -> Points:
    angles = np.radians(np.linspace(start, end, 14))
    return [(float(x + across * np.cos(a)), float(y + down * np.sin(a))) for a in angles]


STROKES: tuple[list[Points], ...] = (
    [_arc(0.5, 0.5, 0.33, 0.48, -90, 270)],
    [[(0.32, 0.22), (0.55, 0.02), (0.55, 0.98)]],
    [[*_arc(0.48, 0.28, 0.3, 0.26, 180, 380), (0.2, 0.95), (0.85, 0.95)]],
    [[*_arc(0.45, 0.27, 0.3, 0.25, -150, 80), *_arc(0.45, 0.73, 0.34, 0.25, -80, 150)]],
    [[(0.45, 0.03), (0.15, 0.62), (0.85, 0.62)], [(0.65, 0.35), (0.65, 0.98)]],
    [[(0.78, 0.03), (0.3, 0.03), (0.25, 0.45), *_arc(0.48, 0.68, 0.32, 0.28, -120, 150)]],
    [[(0.7, 0.03), (0.35, 0.4), *_arc(0.5, 0.7, 0.3, 0.27, 190, -170)]],
    [[(0.15, 0.05), (0.85, 0.05), (0.42, 0.98)], [(0.35, 0.5), (0.75, 0.5)]],
    [_arc(0.5, 0.27, 0.26, 0.24, 90, 450), _arc(0.5, 0.74, 0.32, 0.25, -90, 270)],
    [[*_arc(0.5, 0.3, 0.3, 0.27, 0, 360), (0.8, 0.3), (0.72, 0.98)]],
)
"""Of each digit the strokes, as points (x, y), y downwards, in a box of side 1."""


class Hand:
    """A writer: how its digits differ from `STROKES` in all of its drawings, and how much from each other."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._slant = self._rng.uniform(-0.25, 0.25)
        self._aspect = self._rng.uniform(0.55, 0.8)
        self._size = self._rng.uniform(130, 190)
        self._forms = [[np.array(line) + self._rng.normal(0, 0.035, (len(line), 2)) for line in of] for of in STROKES]

    def draw(self, digit: int) -> Image.Image:
        """A drawing of the digit on the page's canvas, dark on white."""
        rng = self._rng
        picture = Image.new("L", (2 * SIDE, 2 * SIDE), 255)
        pen = ImageDraw.Draw(picture)
        size, turn = self._size * rng.uniform(0.85, 1.15), np.radians(rng.normal(0, 4))
        slant = self._slant + rng.normal(0, 0.06)
        middle = SIDE / 2 + rng.uniform(-20, 20, 2)
        matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        for line in self._forms[digit]:
            points = line + rng.normal(0, 0.018, line.shape) - 0.5
            points[:, 0] = points[:, 0] * self._aspect * rng.uniform(0.92, 1.08) - slant * points[:, 1]
            places = [tuple(place) for place in (points @ matrix * size + middle) * 2]
            pen.line(places, 0, 2 * PEN, joint="curve")
            for x, y in places:
                pen.ellipse((x - PEN, y - PEN, x + PEN, y + PEN), 0)
        return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


def measurements(quick: bool) -> Iterator[Measurement]:
    """Of each hand how many of sixty drawings are read, and how many of these are refused."""
    read, refused, before = zip(*(story(seed) for seed in range(1 if quick else HANDS)), strict=True)
    yield counted("own hand, read of 60", "", float(np.mean(read)), Target(54, True), _each(read))
    yield counted("read, but refused", "", float(np.mean(refused)), Target(3), _each(refused))
    yield counted("by the lecture's network", "", float(np.mean(before)), note=_each(before))


def story(seed: int) -> tuple[int, int, int]:
    """How many of a hand's new drawings are read, how many of these are refused; how many are read without its own."""
    hand, every = Hand(seed), list(range(10))
    with tempfile.TemporaryDirectory() as folder:
        handwriting = Handwriting(Database(Path(folder) / "digits.sqlite"))
        handwriting.add_all([_sample(hand.draw(digit), digit) for digit in every * SAVED])
        sets = {"optdigits": read_optdigits(), "handwriting": handwriting.digits()}
    labels = np.array(every * NEW)
    inks = [drawn(hand.draw(digit)) for digit in labels]
    counts = []
    for recipe in ("Lecture + my handwriting", "Lecture"):
        config = find(recipe).config
        config = config.replace(training=config.training.replace(seed=seed))
        chosen = choose_digits(config.data, sets.__getitem__)
        recogniser, *_ = trained_on(config, *chosen)
        answers = recogniser.read_all(inks)
        right = np.array([answer.digit for answer in answers]) == labels
        refusal = calibrate(recogniser, *chosen)
        counts.append((int(right.sum()), sum(not refusal.accepts(answers[place]) for place in np.flatnonzero(right))))
    (read, refused), (before, _) = counts
    return read, refused, before


def _sample(drawing: Image.Image, label: int) -> NewSample:
    ink = drawn(drawing)
    return NewSample(sample_of(ink), label, "me", "canvas", paper=kept_paper(ink))


def _each(values: tuple[int, ...]) -> str:
    return "by hand: " + ", ".join(map(str, values))
