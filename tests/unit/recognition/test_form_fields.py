"""What a person may rely on who uploads a form: the digits in its boxes are found, one a box, and nothing else is."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.data.builtin import read_mnist_5k
from digits_core.recognition.digit_detection import find_in
from digits_core.recognition.form_fields import find_fields
from tests.benchmarks.field_rendering import Form, form_photo

HIGH, WIDE = 60, 50


def form(filled: list[bool], wall: int = 3, tone: int = 150, gap: int = 0, ticks: bool = False) -> Image.Image:
    """Boxes in a row on white paper, rings of ink in some of them."""
    picture = Image.new("L", (60 + len(filled) * (WIDE + gap), 160), 250)
    pen = ImageDraw.Draw(picture)
    for index, written in enumerate(filled):
        left = 30 + index * (WIDE + gap)
        if ticks:
            pen.line([left, 80, left, 50 + HIGH, left + WIDE, 50 + HIGH, left + WIDE, 80], tone, wall)
        else:
            pen.rectangle([left, 50, left + WIDE, 50 + HIGH], outline=tone, width=wall)
        if written:
            pen.ellipse([left + 14, 58, left + 38, 100], outline=20, width=6)
    return picture


@pytest.mark.parametrize(
    "boxes", [{}, {"tone": 20}, {"gap": 12}, {"ticks": True}], ids=["shared walls", "black", "separate", "ticks"]
)
def test_each_filled_box_gives_one_digit_and_an_empty_one_gives_none(boxes):
    filled = [True, True, False, True, False, True]
    found = find_in(form(filled, **boxes))

    assert len(found.boxes) == sum(filled)
    assert all(abs(box.height - 43) <= 0.2 * 43 for box in map(found.in_photo, found.boxes))


@pytest.mark.parametrize("degrees", [-2, 2])
def test_a_form_may_lie_a_little_turned(degrees):
    turned = form([True] * 6).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=250)

    assert len(find_in(turned).boxes) == 6


def test_digits_that_touch_across_a_wall_are_cut_there():
    picture = form([False, True, True, False])
    ImageDraw.Draw(picture).line([110, 80, 148, 80], 20, 6)  # from the ring in one box to that in the next
    found = find_in(picture)
    first, second = map(found.in_photo, found.boxes)

    assert first.right == pytest.approx(130, abs=6)
    assert second.left == pytest.approx(130, abs=14)


def test_an_overlong_stroke_that_crosses_a_wall_stays_with_its_digit():
    picture = form([False, True, False, False])
    ImageDraw.Draw(picture).line([110, 80, 145, 80], 20, 6)
    found = find_in(picture)
    (box,) = map(found.in_photo, found.boxes)

    assert box.right == pytest.approx(146, abs=5)


def test_several_rows_are_read_from_top_to_bottom():
    picture = Image.new("L", (420, 330), 250)
    for row, filled in enumerate(([True, True, False, True], [True, True, True, True, True, False])):
        picture.paste(form(filled), (0, 160 * row))
    found = find_in(picture)

    assert [len(row) for row in found.rows()] == [3, 5]


@pytest.mark.parametrize(
    ("printed", "rows", "seed"),
    [
        ("ticks", 2, [102, 23]),
        ("grouped", 1, [102, 34]),
        ("ticks", 1, [102, 11]),
        ("shared", 2, [101, 1]),
        ("separate", 1, [101, 14]),
        ("shared", 2, [103, 5]),
        ("ticks", 2, [107, 21]),
    ],
    ids=[
        "a row seen better at another darkness",
        "a strip cut out along the boxes",
        "boxes 22 pixels high",
        "two rows that look like one mark",
        "walls beside each other",
        "strokes halfway between the walls",
        "a row whose walls are too faint",
    ],
)
def test_each_digit_of_a_form_that_is_hard_to_see_gets_a_box(printed: Form, rows: int, seed: list[int]):
    photo = form_photo(printed, *read_mnist_5k().of("test"), np.random.default_rng(seed), rows)

    assert len(find_in(Image.fromarray(photo.photo)).boxes) == len(photo.text)


def test_print_beside_the_boxes_is_no_digit():
    picture = form([True, False, True, True])
    ImageDraw.Draw(picture).text((30, 28), "Student ID", 90)

    assert len(find_in(picture).boxes) == 3


@pytest.mark.parametrize("cells", [0, 1, 2])
def test_a_row_without_boxes_and_a_single_frame_are_no_form(cells):
    picture = form([True] * max(1, cells))
    if not cells:
        picture = form([True] * 6, tone=250)

    assert find_fields(picture) is None


def test_a_row_without_boxes_is_read_as_before():
    found = find_in(form([True] * 6, tone=250))

    assert len(found.boxes) == 6
    assert np.allclose(found.from_photo, np.diag([1.0, 1.0, 1.0]))


def test_squared_paper_under_large_digits_is_no_form():
    picture = Image.new("L", (400, 400), 250)
    pen = ImageDraw.Draw(picture)
    for at in range(10, 400, 30):
        pen.line([at, 0, at, 399], 170, 2)
        pen.line([0, at, 399, at], 170, 2)
    pen.ellipse([100, 60, 280, 340], outline=20, width=24)

    assert find_fields(picture) is None
