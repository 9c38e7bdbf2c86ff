"""What a person may rely on who uploads a photo of a sheet: its digits are boxed, and nothing else is."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.data.catalogue import read_mnist_5k
from digits_core.data.picture import grey
from digits_core.errors import PictureError
from digits_core.recognition.ink import contrast
from digits_core.recognition.segment import Box
from digits_core.recognition.sheet import SIDE, Sheet, digit_in, ink_of, read_sheet
from tests.benchmarks.rendering import DEVELOPMENT_SEED
from tests.benchmarks.sheet_rendering import Conditions, SheetPhoto, photograph
from tests.benchmarks.sheets import in_order, matches
from tests.pictures import sheet

SMALL = {"side": 1100, "count": 24}


@cache
def photo_of(conditions: Conditions) -> SheetPhoto:
    images, labels = read_mnist_5k().of("test")
    return photograph(conditions, images, labels, np.random.default_rng(DEVELOPMENT_SEED))


@cache
def sheet_of(conditions: Conditions) -> Sheet:
    return read_sheet(Image.fromarray(photo_of(conditions).photo))


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(**SMALL),
        Conditions("ruled", **SMALL),
        Conditions("squared", "turned", **SMALL),
        Conditions("table", "inside", grid=True, **SMALL),
        Conditions("plain", "edges", shadow=True, noise=True, quality=40, **SMALL),
        Conditions("squared", "cut", shadow=True, dashes=True, **SMALL),
        Conditions("ruled", "cut", quality=90, **SMALL),
        Conditions("ruled", "cut", shadow=True, noise=True, quality=90, **SMALL),
        Conditions("squared", "inside", quality=90, **SMALL),
    ],
    ids=str,
)
def test_every_digit_on_a_sheet_gets_one_box_in_its_row(conditions: Conditions) -> None:
    photo, sheet = photo_of(conditions), sheet_of(conditions)
    chosen = matches([digit.box(sheet.from_photo) for digit in photo.digits], list(sheet.boxes))
    assert len(chosen) == len(photo.digits) == len(sheet.boxes)
    assert in_order(photo, sheet, chosen)


@pytest.mark.parametrize("seed", [2, 6, 10])
def test_writing_in_the_lit_part_of_a_shaded_sheet_is_not_taken_for_its_paper(seed: int) -> None:
    conditions = Conditions("ruled", "inside", shadow=True, noise=True, side=400, count=100)
    images, labels = read_mnist_5k().of("test")
    tones = grey(Image.fromarray(photograph(conditions, images, labels, np.random.default_rng(seed)).photo))
    assert np.array_equal(contrast(np.asarray(tones))[0], contrast(np.asarray(tones), light_on_dark=False)[0])


def test_paper_seen_from_the_side_is_straightened() -> None:
    turned = Conditions("ruled", "edges", **SMALL)
    photo, sheet = photo_of(turned), sheet_of(turned)
    rows = [[each.box(sheet.from_photo) for each in photo.digits if each.row == row] for row in range(2)]
    for row in rows:
        bottoms = [box.bottom for box in row]
        slope = np.polyfit([box.left for box in row], bottoms, 1)[0]
        assert abs(np.rad2deg(np.arctan(slope))) < 2


def test_boxes_lie_on_their_digits_in_the_photo_too() -> None:
    turned = Conditions("ruled", "edges", **SMALL)
    photo, sheet = photo_of(turned), sheet_of(turned)
    chosen = matches([digit.box() for digit in photo.digits], [sheet.in_photo(box) for box in sheet.boxes])
    assert len(chosen) == len(photo.digits)


def test_ink_lies_over_the_picture_and_holds_no_printed_line() -> None:
    sheet = sheet_of(Conditions("squared", "turned", **SMALL))
    assert sheet.picture.mode == "L"
    assert sheet.ink.shape == sheet.picture.size[::-1]
    outside = sheet.ink.copy()
    for box in sheet.boxes:
        box.crop(outside)[:] = 0
    assert (outside > 128).sum() < 0.01 * (sheet.ink > 128).sum()


def test_a_digit_is_kept_as_handwriting_keeps_it() -> None:
    sheet = sheet_of(Conditions(**SMALL))
    image = digit_in(sheet, sheet.boxes[0])
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    assert image.max() > 200
    assert not image[:2].any()


def test_the_ink_of_a_box_is_cut_out_square() -> None:
    sheet = sheet_of(Conditions(**SMALL))
    ink = ink_of(sheet, sheet.boxes[3])
    assert ink.shape[0] == ink.shape[1] > max(sheet.boxes[3].width, sheet.boxes[3].height)


@pytest.mark.parametrize("box", [Box(1, 1, 12, 12), Box(-50, -50, 20, 20), Box(99_999, 0, 20, 20), Box(20, 20, 0, 0)])
def test_a_box_without_ink_is_no_digit(box: Box) -> None:
    with pytest.raises(PictureError, match="box holds no ink"):
        digit_in(sheet_of(Conditions(**SMALL)), box)


def test_a_box_drawn_by_hand_may_reach_beyond_the_picture() -> None:
    sheet = sheet_of(Conditions(**SMALL))
    first = sheet.boxes[0]
    generous = Box(-40, -40, first.right + 44, first.bottom + 44)
    np.testing.assert_array_equal(digit_in(sheet, generous), digit_in(sheet, first))


def page(lines: int = 0) -> Image.Image:
    """White paper of 800 × 1,000 pixels with some lines across, no digit."""
    paper = Image.new("L", (800, 1000), 235)
    draw = ImageDraw.Draw(paper)
    for at in range(lines):
        draw.line([(0, 60 + 40 * at), (800, 62 + 40 * at)], fill=150, width=2)
    return paper


@pytest.mark.parametrize("lines", [0, 20], ids=["empty", "only lines"])
def test_a_page_without_digits_is_refused_by_its_name(lines: int) -> None:
    with pytest.raises(PictureError, match=r"^page\.jpg shows no digits"):
        read_sheet(page(lines), "page.jpg")


@pytest.mark.parametrize("size", [(4, 4), (5, 900), (60, 40)])
def test_a_tiny_page_is_refused_in_words(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="shows no digits"):
        read_sheet(Image.new("L", size, 250))


def test_the_bar_of_a_five_belongs_to_it_and_ones_are_no_lines() -> None:
    paper = page(20)
    draw = ImageDraw.Draw(paper)
    for column in range(5):
        left = 80 + 120 * column
        draw.line([(left, 160), (left, 216)], fill=30, width=5)  # a one
    for column in range(5):
        left = 80 + 120 * column
        draw.line([(left, 322), (left - 4, 345), (left + 24, 355), (left + 20, 378), (left - 6, 384)], fill=30, width=5)
        draw.line([(left + 8, 314), (left + 34, 312)], fill=30, width=5)
    sheet = read_sheet(paper)
    assert [len(row) for row in sheet.rows()] == [5, 5]
    assert [len(column) for column in sheet.columns()] == [2] * 5
    assert all(sheet.boxes[index].height >= 70 for index in sheet.rows()[1])


@pytest.mark.parametrize("rows", [[list(range(10))] * 3, [[1] * 6] * 5], ids=["0 to 9", "ones"])
@pytest.mark.parametrize("cell", [68, 120, 128, 140, 152, 160])
def test_strokes_exactly_above_each_other_are_no_printed_line(rows: list[list[int]], cell: int) -> None:
    picture = Image.open(io.BytesIO(sheet(rows, cell)))
    assert [len(row) for row in read_sheet(picture).rows()] == [len(row) for row in rows]


def test_light_digits_on_a_dark_board_are_found_too() -> None:
    photo = photo_of(Conditions(**SMALL))
    board = Image.fromarray(255 - photo.photo)
    assert len(read_sheet(board).boxes) == len(photo.digits)


def test_a_large_photo_is_scaled_down_once() -> None:
    sheet = sheet_of(Conditions(side=2200, count=12))
    assert max(sheet.picture.size) == SIDE
    assert len(sheet.boxes) == 12
