"""Whatever a picture shows, one digit or a sheet of many: its digits are found, and nothing else."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from digits_core.errors import PictureError
from digits_core.recognition.digit_detection import find_in
from tests.benchmarks.rendering import DEVELOPMENT_SEED
from tests.benchmarks.sheet_rendering import Conditions, photograph
from tests.benchmarks.sheets import matches
from tests.pictures import sheet
from tests.unit.dashboard.recognise.test_recognition_result import drawing

ROWS = [[1, 0, 7], [4, 7]]


def ruled(picture: Image.Image) -> Image.Image:
    """With a printed line every 25 pixels."""
    tones = np.array(picture)
    tones[::25] = np.minimum(tones[::25], 195)
    return Image.fromarray(tones)


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_that_fills_its_picture_is_one_digit(digit):
    paper = ImageOps.expand(drawing(digit).resize((160, 280)), 20, 255)

    assert len(find_in(paper).boxes) == 1


@pytest.mark.parametrize("side", [60, 100, 150, 200])
def test_a_bold_digit_is_read_whole_however_large_it_is_in_its_picture(side):
    paper = Image.new("L", (400, 400), 240)
    ImageDraw.Draw(paper).ellipse([140, 120, 140 + 0.8 * side, 120 + side], outline=30, width=side // 5)
    found = find_in(paper)

    assert len(found.boxes) == 1
    assert (np.array(found.own_ink(found.boxes[0])) >= 128).sum() == pytest.approx(
        (np.asarray(paper) < 128).sum(), rel=0.1
    )


@pytest.mark.parametrize(
    "conditions",
    [Conditions("plain", "turned", shadow=True, side=1100, count=3), Conditions("ruled", "edges", side=1100, count=3)],
    ids=str,
)
def test_a_shadow_or_a_table_is_not_taken_for_a_large_digit(conditions, mnist_5k):
    images, labels = mnist_5k.of("test")
    photo = photograph(conditions, images, labels, np.random.default_rng(DEVELOPMENT_SEED))
    found = find_in(Image.fromarray(photo.photo).convert("L"))

    assert len(matches([digit.box(found.from_photo) for digit in photo.digits], list(found.boxes))) == 3
    assert len(found.boxes) == 3


def test_printed_lines_are_no_digits_and_cut_none():
    found = find_in(ruled(Image.open(io.BytesIO(sheet(ROWS)))))

    assert [len(row) for row in found.rows()] == [len(row) for row in ROWS]


def test_a_digit_of_two_marks_is_one_where_the_person_says_so():
    paper = Image.new("L", (300, 300), 240)
    paper.paste(20, (140, 40, 160, 120))
    paper.paste(20, (140, 190, 160, 270))

    assert len(find_in(paper, way="one").boxes) == 1


@pytest.mark.parametrize("way", ["auto", "one", "many"])
def test_an_empty_page_is_refused_in_words(way):
    with pytest.raises(PictureError, match=r"^photo\.png shows no"):
        find_in(Image.new("L", (400, 300), 240), "photo.png", way)


def test_a_long_strip_of_paper_whose_light_falls_off_keeps_its_faint_digits():
    row = Image.open(io.BytesIO(sheet([list(range(10))], cell=64))).convert("L").crop((0, 20, 700, 110))
    row = row.resize((1600, 206), Image.Resampling.BILINEAR)
    faint = 1 - 0.35 * (1 - np.asarray(row) / 232)
    light = np.linspace(0.6, 0.72, 1600) + np.linspace(0.03, -0.03, 206)[:, None]
    noise = np.random.default_rng(0).normal(0, 1, faint.shape)

    assert len(find_in(Image.fromarray((232 * light * faint + noise).astype("u1"))).boxes) == 10


def test_the_dark_corner_of_a_photo_is_no_digit():
    photo = Image.open(io.BytesIO(sheet(ROWS, cell=400))).convert("L")
    ImageDraw.Draw(photo).polygon([(0, 0), (40, 0), (0, 32)], fill=20)
    found = find_in(photo)

    assert len(found.boxes) == 5
    assert "cut off at the edge" in {each.reason for each in found.left_out}
