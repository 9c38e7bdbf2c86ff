"""Which digits a picture of several is said to hold, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.recognition.segment import MAX_MARKS, Box, columns_of, find_digits, ink_in, rows_of, without_dashes


def ink_with(*boxes: Box, shape: tuple[int, int] = (300, 400)) -> np.ndarray:
    """Ink with a filled rectangle for each box."""
    ink = np.zeros(shape, np.uint8)
    for box in boxes:
        box.crop(ink)[:] = 255
    return ink


def test_an_empty_picture_holds_no_digit() -> None:
    assert find_digits(np.zeros((100, 100), np.uint8)) == []


def test_one_stroke_is_one_box_to_the_pixel() -> None:
    one = Box(30, 40, 8, 60)
    assert find_digits(ink_with(one)) == [one]


def test_digits_come_in_reading_order_even_where_a_line_slants() -> None:
    first = [Box(20 + 70 * i, 20 + 6 * i, 30, 60) for i in range(5)]
    second = [Box(40 + 70 * i, 130 + 6 * i, 30, 60) for i in range(5)]
    assert find_digits(ink_with(*second[::-1], *first[::-1])) == first + second


@pytest.mark.parametrize(
    "parts",
    [
        (Box(100, 100, 50, 8), Box(95, 115, 50, 70)),  # the bar over a 5
        (Box(100, 100, 30, 90), Box(133, 100, 40, 10)),  # the bar of a 5 beside it
        (Box(140, 100, 50, 16), Box(95, 118, 48, 80)),  # the bar of a 5 that has slipped over its corner
        (Box(150, 92, 75, 20), Box(80, 100, 85, 84)),  # the bar of a wide 5, reaching far out
        (Box(100, 100, 60, 60), Box(95, 162, 60, 60)),  # a 3 of two bows
        (Box(100, 100, 20, 25), Box(124, 100, 12, 90)),  # a broken 4
        (Box(100, 100, 40, 40), Box(105, 142, 40, 50)),  # an 8 of two rings
    ],
    ids=["bar above", "bar beside", "bar at the corner", "long bar", "halves", "broken 4", "two rings"],
)
def test_the_parts_of_a_digit_make_one_box(parts: tuple[Box, Box]) -> None:
    others = [Box(20, 100, 40, 90), Box(250, 100, 40, 90), Box(320, 100, 40, 90)]
    found = find_digits(ink_with(*parts, *others))
    assert found == [others[0], parts[0].joined(parts[1]), *others[1:]]


def test_neighbours_and_lines_close_to_each_other_stay_apart() -> None:
    digits = [Box(20, 20, 40, 80), Box(64, 20, 40, 80), Box(20, 104, 40, 80), Box(64, 104, 40, 80)]
    assert find_digits(ink_with(*digits)) == digits


def test_a_small_digit_close_to_a_large_one_is_a_digit() -> None:
    digits = [Box(20, 20, 40, 80), Box(64, 50, 26, 36), Box(94, 20, 40, 80), Box(138, 20, 40, 80)]
    assert find_digits(ink_with(*digits)) == digits


def test_one_long_tail_does_not_make_the_others_parts_of_a_digit() -> None:
    digits = [Box(20, 20, 40, 150), Box(70, 20, 40, 70), Box(114, 24, 36, 66), Box(154, 22, 40, 68)]
    assert find_digits(ink_with(*digits)) == digits


def test_a_one_beside_wide_digits_is_a_digit() -> None:
    digits = [Box(20, 20, 50, 80), Box(90, 22, 9, 76), Box(120, 20, 50, 80)]
    assert find_digits(ink_with(*digits)) == digits


def test_dots_and_dust_are_left_out() -> None:
    digits = [Box(20, 20, 40, 80), Box(120, 20, 40, 80)]
    assert find_digits(ink_with(*digits, Box(85, 90, 8, 8), Box(200, 200, 3, 3))) == digits


def test_a_picture_full_of_dust_does_not_stop_the_app() -> None:
    dust = np.zeros((600, 600), np.uint8)
    dust[::4, ::4] = 255  # 22,500 specks, each of which could belong to any other
    assert len(find_digits(dust)) == MAX_MARKS


def test_the_ink_of_a_box_leaves_out_what_reaches_in_from_a_neighbour() -> None:
    ink = ink_with(Box(20, 20, 20, 80), Box(60, 20, 20, 80))
    ink[20:30, 35:70] = 0
    ink[95:100, 45:60] = 255  # the foot of the right digit, under the box of the left one
    own, _ = ink_in(ink, [Box(20, 20, 30, 80), Box(45, 20, 35, 80)])
    assert own.shape == (80, 30)
    assert not own[75:, 25:].any()
    assert own[40, 5] == 255


def test_a_dash_among_digits_is_left_out() -> None:
    digits = [Box(20, 20, 40, 80), Box(140, 20, 10, 80), Box(220, 20, 50, 76)]
    assert without_dashes([*digits, Box(80, 55, 40, 8)]) == digits


def grid(rows: int, columns: int, slant: float) -> list[Box]:
    """Boxes of unlike sizes, row by row, in a grid that goes down by `slant` on its way to the right."""
    rng = np.random.default_rng(rows * columns)
    return [
        Box(
            40 + 60 * column - round(slant * 70 * row),
            30 + 70 * row + round(slant * 60 * column),
            *rng.integers(20, 50, 2),
        )
        for row in range(rows)
        for column in range(columns)
    ]


@pytest.mark.parametrize("slant", [0.0, 0.08, -0.08])
@pytest.mark.parametrize(("rows", "columns"), [(1, 9), (4, 10), (9, 3)])
def test_rows_and_columns_are_those_of_the_sheet_even_where_it_is_turned(rows: int, columns: int, slant: float) -> None:
    boxes = grid(rows, columns, slant)
    numbers = np.arange(rows * columns).reshape(rows, columns)
    assert rows_of(boxes) == numbers.tolist()
    assert columns_of(boxes) == numbers.T.tolist()


@given(
    st.lists(
        st.builds(Box, st.integers(-99, 2000), st.integers(-99, 2000), st.integers(0, 300), st.integers(0, 300)),
        max_size=60,
    )
)
def test_every_box_is_in_one_row_and_in_one_column(boxes: list[Box]) -> None:
    for lines in (rows_of(boxes), columns_of(boxes)):
        assert sorted(index for line in lines for index in line) == list(range(len(boxes)))
