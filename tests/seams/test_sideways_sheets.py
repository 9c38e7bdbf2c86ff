"""A sheet that lies on its side in its photo is turned on both pages that take photos, as it is in the shell."""

import pytest
from PIL import Image

from digits_core.dashboard.handwriting.sheet_work import read_work
from digits_core.dashboard.recognise.photos import read_photo
from tests.pictures import as_png
from tests.unit.recognition.test_turning import recogniser, sheet

__all__ = ["recogniser", "sheet"]


@pytest.fixture
def on_its_side(sheet: Image.Image) -> bytes:
    return as_png(sheet.transpose(Image.Transpose.ROTATE_90))


def test_recognise_shows_and_reads_it_upright(on_its_side, sheet, recogniser):
    photo = read_photo(on_its_side, "sheet.png", 1, "auto", 500, recogniser.read_all)
    photo.read(recogniser, "a", "#1")

    assert (photo.work.packed.width, photo.work.packed.height) == sheet.size
    assert photo.text.replace(" ", "") == "".join(str(each.answer.digit) for each in recogniser.read_picture(sheet))


def test_handwriting_shows_it_upright_with_its_digits_in_reading_order(on_its_side, sheet, recogniser):
    work = read_work(on_its_side, "sheet.png", 1, 500, recogniser.read_all)

    assert (work.packed.width, work.packed.height) == sheet.size
    assert work.places == read_work(as_png(sheet), "sheet.png", 1, 500).places


def test_without_a_trained_run_it_stays_as_it_is(on_its_side, sheet):
    packed = read_work(on_its_side, "sheet.png", 1, 500).packed

    assert (packed.width, packed.height) == sheet.size[::-1]
