"""What is unusual about a digit is measured, in comparison with the training images as the network sees them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.config import TransformConfig
from digits_core.recognition.unusual import PROPERTIES, Usual, measured, usual_of
from tests.pictures import STROKES


def seen(digit: int, width: float = 3.0, scale: float = 0.7, right: float = 0, lean: float = 0) -> np.ndarray:
    """A digit as a network may see it, uint8 (28, 28): `width` and `right` in its pixels, `lean` in degrees."""
    paper = Image.new("L", (280, 280), 0)
    pen = ImageDraw.Draw(paper)
    for stroke in STROKES[digit]:
        points = [
            (0.5 + scale * (x - 0.5 + np.tan(np.radians(lean)) * (0.5 - y)), 0.5 + scale * (y - 0.5)) for x, y in stroke
        ]
        pen.line([(280 * x + 10 * right, 280 * y) for x, y in points], fill=255, width=round(10 * width), joint="curve")
    return np.asarray(paper.resize((28, 28), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def usual() -> Usual:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 40)
    images = [
        seen(digit, rng.uniform(2, 4), rng.uniform(0.7, 0.95), rng.uniform(-1, 1), rng.uniform(-10, 10))
        for digit in labels
    ]
    return usual_of(np.stack(images), labels, TransformConfig())


@pytest.mark.parametrize("width", [1.5, 2.0, 3.0, 4.0])
def test_the_width_of_a_stroke_is_measured_in_pixels(width):
    (bar,) = measured(seen(1, width)[None])
    assert bar[PROPERTIES.index("stroke")] == pytest.approx(width, rel=0.2)


def test_place_size_and_slant_are_measured():
    straight, moved, leaning = measured(np.stack([seen(1), seen(1, right=4), seen(1, lean=20)]))
    across, slant, size = (PROPERTIES.index(name) for name in ("across", "slant", "size"))

    assert moved[across] - straight[across] == pytest.approx(4, abs=0.1)
    assert leaning[slant] == pytest.approx(20, abs=2)
    assert abs(straight[slant]) < 1
    assert straight[size] == pytest.approx(28 * 0.7 * 0.7, abs=1.5)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"width": 0.7}, "thin"),
        ({"width": 7}, "thick"),
        ({"scale": 0.35}, "small"),
        ({"right": 5}, "off centre"),
        ({"lean": 35}, "leaning right"),
        ({"lean": -35}, "leaning left"),
    ],
)
def test_what_is_unlike_the_training_images_is_said_in_a_word(usual, how, word):
    found = usual.unusual(seen(7, **{"scale": 0.8} | how), 7)

    assert word in [each.word for each in found]
    assert all(not each.low <= each.value <= each.high for each in found)


def test_a_usual_digit_and_empty_paper_have_nothing_to_say(usual):
    assert usual.unusual(seen(7, scale=0.8), 7) == []
    assert usual.unusual(np.zeros((28, 28), np.uint8), 7) == []


def test_what_training_varies_is_usual(usual):
    images, labels = np.stack([seen(7, scale=0.8)] * 60), np.repeat(7, 60)
    still = usual_of(images, labels, TransformConfig())
    varied = usual_of(images, labels, TransformConfig(translation=4))
    moved = seen(7, scale=0.8, right=3)

    assert "off centre" in [each.word for each in still.unusual(moved, 7)]
    assert "off centre" not in [each.word for each in varied.unusual(moved, 7)]
