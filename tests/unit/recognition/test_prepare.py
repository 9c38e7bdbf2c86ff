"""What a person may rely on when they hand over a picture: it becomes ink, or a sentence says why not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digits_core.errors import PictureError
from digits_core.recognition.prepare import INK_SHARE, WORKING_SIDE, cut_out, to_ink, whole_square


def drawing(width: int = 280, height: int = 280, brush: int = 20, paper: int = 255, ink: int = 0) -> Image.Image:
    """A seven, with a soft edge, in the upper left of the picture."""
    large = Image.new("L", (width * 2, height * 2), paper)
    corners = [(width * 0.4, height * 0.4), (width * 1.1, height * 0.4), (width * 0.6, height * 1.3)]
    ImageDraw.Draw(large).line(corners, fill=ink, width=brush * 2, joint="curve")
    return large.resize((width, height), Image.Resampling.BOX)


def paper_with_noise(height: int = 300, width: int = 400, deviation: float = 5.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    shadow = np.linspace(230, 120, width)[None, :] + np.linspace(0, -30, height)[:, None]
    return np.clip(shadow + rng.normal(0, deviation, (height, width)), 0, 255).astype(np.uint8)


def test_ink_is_bright_on_exactly_nothing_and_keeps_its_soft_edge() -> None:
    ink = to_ink(drawing())
    expected = 255 - np.asarray(drawing())
    assert ink.dtype == np.uint8
    assert np.array_equal(ink, expected)
    assert ((ink > 0) & (ink < 255)).any()


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (280, 280), 255),
        Image.new("L", (1, 1), 0),
        Image.new("RGBA", (280, 280), (0, 0, 0, 0)),
        np.zeros((280, 280, 4), np.uint8),
        np.zeros((28, 28)),
        paper_with_noise(),
        paper_with_noise(deviation=12),
        paper_with_noise(40, 30),
    ],
    ids=["white", "one pixel", "transparent", "empty canvas", "zeros", "noise", "more noise", "small noise"],
)
def test_an_empty_picture_shows_no_ink(picture: Image.Image | np.ndarray) -> None:
    with pytest.raises(PictureError, match=r"seven\.png shows no ink"):
        to_ink(picture, "seven.png")


@pytest.mark.parametrize("shape", [(0, 0), (5,), (4, 4, 2), (2, 4, 4, 3)])
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match="shape"):
        to_ink(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("of", [lambda tones: tones, lambda tones: 255 - tones], ids=["dark on light", "light on dark"])
def test_ink_is_found_under_a_shadow_with_noise(of: Callable[[np.ndarray], np.ndarray]) -> None:
    truth = 1 - np.asarray(drawing(400, 300, 16), np.float64) / 255
    photo = of(np.rint(paper_with_noise() * (1 - 0.7 * truth)).astype(np.uint8))
    found = to_ink(photo) >= 128
    assert (found & (truth > 0.5)).sum() / (found | (truth > 0.5)).sum() > 0.9


@pytest.mark.parametrize("softness", [2, 10, 30], ids="soft {}".format)
def test_the_edge_of_a_shadow_is_no_ink(softness: int) -> None:
    truth = 1 - np.asarray(drawing(400, 300, 16), np.float64) / 255
    y, x = np.mgrid[:300, :400]
    shadow = 1 - 0.3 / (1 + np.exp(-(x + y - 520) / softness))
    found = to_ink(np.rint(220 * shadow * (1 - 0.8 * truth)).astype(np.uint8)) >= 128
    assert (found & (truth > 0.5)).sum() / (found | (truth > 0.5)).sum() > 0.9


@pytest.mark.parametrize("negative", [False, True])
def test_a_digit_cut_out_small_is_read_as_it_is(negative: bool) -> None:
    zero = np.zeros((8, 8), np.uint8)
    zero[:, 2:6] = 230
    zero[2:6, 3:5] = 0
    ink = to_ink(255 - zero if negative else zero)
    assert np.array_equal(ink >= 128, zero >= 128)


def test_dust_is_left_out() -> None:
    picture = np.array(drawing())
    picture[250:253, 250:253] = 0
    assert np.array_equal(to_ink(picture), to_ink(drawing()))


def test_a_large_photo_is_scaled_down_once() -> None:
    assert max(to_ink(drawing(2400, 1800, 120)).shape) == WORKING_SIDE


@settings(max_examples=40, deadline=None)
@given(st.integers(40, 330), st.integers(40, 330), st.integers(0, 90), st.integers(150, 255))
def test_a_picture_and_its_negative_give_the_same_ink(width: int, height: int, dark: int, light: int) -> None:
    picture = np.asarray(drawing(width, height, max(3, min(width, height) // 14), light, dark))
    difference = abs(to_ink(picture).astype(int) - to_ink(255 - picture))
    assert difference.max() <= 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 140), st.integers(0, 140), st.integers(140, 400))
def test_place_and_margin_do_not_change_the_cut_out(left: int, top: int, room: int) -> None:
    digit = drawing(140, 140, 12)
    page = Image.new("L", (140 + room, 140 + room), 255)
    page.paste(digit, (left, top))
    assert np.array_equal(cut_out(to_ink(page)), cut_out(to_ink(digit)))


@pytest.mark.parametrize(("height", "width"), [(100, 40), (40, 100), (1, 1), (300, 300)])
def test_a_cut_out_is_square_with_the_margin_of_mnist(height: int, width: int) -> None:
    ink = np.zeros((400, 400), np.uint8)
    ink[20 : 20 + height, 50 : 50 + width] = 200
    square = cut_out(ink)
    assert square.shape == (round(max(height, width) / INK_SHARE),) * 2
    assert square.sum() == ink.sum()
    rows = np.flatnonzero(square.any(axis=1))
    assert abs(rows[0] - (square.shape[0] - 1 - rows[-1])) <= 1


def test_nothing_cannot_be_cut_out() -> None:
    with pytest.raises(PictureError, match="no ink"):
        cut_out(np.zeros((28, 28), np.uint8))


def test_a_square_canvas_stays_as_it_is() -> None:
    ink = to_ink(drawing())
    assert whole_square(ink) is ink


def test_a_wide_canvas_becomes_square_with_the_ink_in_the_middle() -> None:
    ink = np.full((20, 50), 9, np.uint8)
    square = whole_square(ink)
    assert square.shape == (50, 50)
    assert np.array_equal(square[15:35], ink)
    assert square.sum() == ink.sum()
