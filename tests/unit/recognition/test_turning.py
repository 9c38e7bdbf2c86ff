"""A photo of a sheet that was taken from the side is read as if it had been taken from the front."""

import numpy as np
import pytest
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.recognition.digit_detection import find_in
from digits_core.recognition.recogniser import FoundDigit, Recogniser
from digits_core.recognition.segment import Box
from digits_core.recognition.turning import FEWEST, turned, upright
from digits_core.runs.execution import as_arrays
from digits_core.training.loop import Training
from tests.unit.helpers import run_config

LEFT, RIGHT = Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270


@pytest.fixture(scope="module")
def recogniser(mnist_5k) -> Recogniser:
    """A network that reads digits well as they lie, and clearly worse on their side."""
    config = run_config(
        transform=TransformConfig(centre=True, rotation=10), epochs=3, batch_size=64, learning_rate=0.002
    )
    training = Training(config, [mnist_5k], [mnist_5k])
    for _ in training.run():
        pass
    return Recogniser(config, as_arrays(training.network))


@pytest.fixture(scope="module")
def sheet(mnist_5k) -> Image.Image:
    """Two rows of four digits, higher than wide, in black on white; none of them is a 6 or a 9."""
    images, labels = mnist_5k.of("test")
    slender = (images > 0).any(axis=1).sum(axis=1) < 0.8 * (images > 0).any(axis=2).sum(axis=1)
    chosen = [images[np.flatnonzero(slender & (labels == label))[0]] for label in (2, 3, 4, 5, 7, 4, 3, 2)]
    rows = [np.concatenate([np.pad(image, 14) for image in chosen[start : start + 4]], axis=1) for start in (0, 4)]
    large = np.kron(255 - np.concatenate(rows), np.ones((3, 3), np.uint8))
    return Image.fromarray(np.pad(large, ((20, 90), (30, 10)), constant_values=255))


def text(found: list[FoundDigit]) -> str:
    return "".join(str(each.answer.digit) for each in found)


def of_turned(box: Box, turn: Image.Transpose, picture: Image.Image) -> Box:
    """Where a box of a picture lies after the picture was turned."""
    if turn == LEFT:
        return Box(box.top, picture.width - box.right, box.height, box.width)
    return Box(picture.height - box.bottom, box.left, box.height, box.width)


@pytest.mark.parametrize("turn", [LEFT, RIGHT])
def test_a_sheet_on_its_side_is_read_as_it_is_upright_and_its_boxes_are_where_the_digits_are(
    turn: Image.Transpose, sheet: Image.Image, recogniser: Recogniser
):
    as_it_was = recogniser.read_picture(sheet)
    found = recogniser.read_picture(sheet.transpose(turn))

    assert text(found) == text(as_it_was)
    assert [each.box for each in found] == [of_turned(each.box, turn, sheet) for each in as_it_was]


def test_an_upright_sheet_stays_and_no_network_is_asked(sheet: Image.Image):
    def read(inks: list[np.ndarray]) -> list:
        raise AssertionError("asked")

    found = find_in(sheet)
    assert upright(found, read) is found


def test_wide_digits_that_are_read_as_they_lie_stay(sheet: Image.Image, recogniser: Recogniser):
    wide = find_in(sheet.resize((sheet.width * 2, sheet.height)))

    assert np.mean([box.width > box.height for box in wide.boxes]) > 0.5
    assert upright(wide, recogniser.read_all) is wide


def test_few_digits_are_not_turned(sheet: Image.Image, recogniser: Recogniser):
    few = sheet.crop((0, 0, 30 + (FEWEST - 1) * 168, 20 + 168)).transpose(LEFT)
    found = find_in(few, way="many")

    assert len(found.boxes) == FEWEST - 1
    assert upright(found, recogniser.read_all) is found


def test_a_turn_and_the_turn_back_give_the_same_sheet(sheet: Image.Image):
    found = find_in(sheet)
    back = turned(turned(found, 1), -1)

    assert (back.boxes, back.left_out) == (found.boxes, found.left_out)
    assert np.array_equal(back.ink, found.ink)
    assert np.array_equal(back.picture, found.picture)
    assert np.allclose(back.from_photo, found.from_photo)
