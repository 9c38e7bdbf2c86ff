"""What is saved of a digit is framed as it was read: any transform makes the same of both."""

import numpy as np
import pytest
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.dashboard.handwriting.boxes import Boxes
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.dashboard.packed import PackedSheet
from digits_core.dashboard.recognise.recognition_result import digit_on, number_on
from digits_core.dashboard.recognise.save_reading import samples
from digits_core.data import papers
from digits_core.recognition.digit_detection import find_in
from digits_core.recognition.sample import drawn, paper_of, photographed
from digits_core.recognition.sheet import ink_of
from digits_core.transforms import batched

TRANSFORMS = [TransformConfig(), TransformConfig(centre=True), TransformConfig(size=20, interpolation="bicubic")]


@pytest.fixture
def canvas() -> Image.Image:
    """A seven of a few strokes, off the middle of its paper."""
    return Image.fromarray(255 - on_paper((280, 280), 40, 30, 110))


@pytest.fixture
def photo() -> Image.Image:
    """The same far off the middle of a sheet of grey paper."""
    ink = on_paper((300, 400), 120, 220, 130).astype(int)
    return Image.fromarray((210 - ink * 150 // 255).astype(np.uint8))


def on_paper(size: tuple[int, int], top: int, left: int, side: int) -> np.ndarray:
    paper = np.zeros(size, np.uint8)
    paper[top : top + 16, left : left + side * 3 // 4] = 255
    for row in range(side):
        column = left + side * 3 // 4 - row // 2
        paper[top + row, column - 16 : column] = 255
    return paper


def seen(ink: np.ndarray, config: TransformConfig) -> np.ndarray:
    return batched.prepare(ink[None], config)[0, 0].numpy().astype(int)


def assert_alike(read: np.ndarray, kept: bytes) -> None:
    for config in TRANSFORMS:
        difference = abs(seen(read, config) - seen(papers.unpacked(kept), config))
        assert difference.mean() < 4, config  # of 255: in between, the paper was reduced to 112 pixels
        assert np.corrcoef(seen(read, config).ravel(), seen(papers.unpacked(kept), config).ravel())[0, 1] > 0.97


def test_a_drawing(canvas):
    ink = digit_on(canvas)
    (sample,) = samples(ink, "7", "Ada")

    assert_alike(ink.digits[0], sample.paper)
    np.testing.assert_array_equal(ink.digits[0], drawn(canvas))  # what Handwriting keeps of the same drawing
    uncentred = seen(papers.unpacked(sample.paper), TransformConfig())
    rows, columns = np.nonzero(uncentred > 100)
    assert (rows.min(), columns.min()) == (4, 3), "the ink is where it was drawn"


def test_each_digit_of_a_number():
    number = Image.fromarray(255 - np.hstack([on_paper((280, 200), 40 + 30 * place, 30, 110) for place in range(3)]))
    ink = number_on(number)

    assert len(ink.digits) == 3
    for read, sample in zip(ink.digits, samples(ink, "777", "Ada"), strict=True):
        assert_alike(read, sample.paper)


@pytest.mark.parametrize("way", ["one", "auto"])
def test_a_photo(photo, way):
    sheet = find_in(photo, "photo.png", way)
    read = ink_of(sheet, sheet.boxes[0])
    work = Work("photo.png", PackedSheet.of(sheet), 1, Boxes.found(sheet.boxes, 1.0))
    work.change([each.labelled(7) for each in work.boxes.now])
    (sample,) = work.samples("Ada")

    assert_alike(read, sample.paper)
    assert_alike(photographed(photo), papers.packed(paper_of(read)))
