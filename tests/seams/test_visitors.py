"""Many visitors of one app: what one of them uploads neither holds up the others nor fills the memory."""

import io
import pickle
import threading

import numpy as np
import pytest
from PIL import Image

from digits_core.config import RunConfig, TransformConfig
from digits_core.dashboard.packed import (
    PHOTOS,
    PHOTOS_BYTES,
    READINGS,
    READINGS_BYTES,
    TRAY_BYTES,
    UNPACKED,
    UPLOADS_BYTES,
    PackedArrays,
    PackedSheet,
    forget_oldest,
)
from digits_core.dashboard.recognise.photos import Photo, read_photo
from digits_core.dashboard.recognise.recognition_result import digit_on, number_on, read
from digits_core.data.picture import LARGE_PIXELS, read_picture
from digits_core.network.improved_net import ImprovedNet
from digits_core.recognition.recogniser import Recogniser
from tests.pictures import as_png, one_digit, sheet
from tests.seams.kept import frames
from tests.unit.helpers import children_running, wait_for

VISITORS = 20
MEMORY = 2**30
"""What they may take all together."""


def transparent(pixels: int) -> bytes:
    """A PNG of so many transparent pixels: quickly made, slowly read."""
    content = io.BytesIO()
    Image.new("RGBA", (4000, pixels // 4000), (0, 0, 0, 0)).save(content, "PNG", compress_level=1)
    return content.getvalue()


@pytest.mark.parametrize(
    ("pixels", "begun"),
    [
        (LARGE_PIXELS, lambda thread: any("PIL" in each.f_code.co_filename for each in frames(thread)[:2])),
        (2 * LARGE_PIXELS, lambda thread: children_running("digits_core.data.large_picture")),
    ],
    ids=["a photo", "a huge photo"],
)
def test_a_drawing_and_a_picture_are_read_while_another_visitors_photo_is_decoded(pixels, begun):
    photo, small, drawing = transparent(pixels), one_digit(7), Image.open(io.BytesIO(one_digit(3)))
    in_order = []
    other = threading.Thread(target=lambda: [read_picture(photo), in_order.append("photo")])
    other.start()
    wait_for(lambda: begun(other), what="the photo's decoding")

    read_picture(small)
    digit_on(drawing)
    in_order.append("drawing")
    other.join()
    assert in_order == ["drawing", "photo"]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    weights = {name: values.numpy() for name, values in ImprovedNet().state_dict().items()}
    return Recogniser(RunConfig(transform=TransformConfig(centre=True)), weights)


@pytest.fixture(scope="module")
def photo(recogniser) -> Photo:
    """A photo of twelve digits, with the noise of a sensor, as it is kept after it was read and looked at."""
    paper = Image.open(io.BytesIO(sheet([[1, 0, 7, 4], [2, 3, 5, 6], [8, 9, 0, 1]]))).resize((2000, 1600))
    noise = np.random.default_rng(0).normal(0, 4, (1600, 2000))
    content = as_png(Image.fromarray(np.clip(np.asarray(paper) + noise, 0, 255).astype("u1")))
    photo = read_photo(content, "photo.png", 1, "auto", 500)
    photo.read(recogniser, "a", "#1")
    photo.propose()
    _ = photo.address, photo.samples("Ada"), photo.work.picture(500)
    return photo


def test_all_that_twenty_sessions_keep_of_their_pictures_fits_into_a_gigabyte(photo):
    session = PHOTOS_BYTES + READINGS_BYTES + TRAY_BYTES + UPLOADS_BYTES
    unpacked = photo.work.sheet
    _ = unpacked.own_ink(photo.work.places[0])  # labels its marks
    labels = unpacked._marks
    in_work = len(pickle.dumps(unpacked)) + len(pickle.dumps(labels))

    assert VISITORS * session + UNPACKED * in_work < MEMORY


def test_a_photo_takes_what_it_says_and_thirty_of_them_fit_into_a_session(photo):
    assert len(pickle.dumps(photo)) == pytest.approx(photo.size, rel=0.25)
    assert PHOTOS * photo.size <= PHOTOS_BYTES


def test_what_is_kept_of_a_photo_reads_the_same_ink(photo, recogniser):
    again = Photo(photo.work, "auto")
    before = {box: reading.answers[0].digit for box, reading in photo.answers.items()}
    kept = photo.reading().packed()
    again.read(recogniser, "a", "#1")

    assert {box: reading.answers[0].digit for box, reading in again.answers.items()} == before
    assert read(kept.ink, recogniser, "#1").text == photo.reading().text
    assert len(before) == 12


def test_a_drawing_in_the_history_takes_what_it_says(recogniser):
    one = read(digit_on(Image.open(io.BytesIO(one_digit(7))).resize((280, 280))), recogniser, "#1").packed()
    number = read(number_on(Image.open(io.BytesIO(sheet([[1, 7, 4]]))).resize((640, 280))), recogniser, "#1").packed()

    for reading in (one, number):
        assert len(pickle.dumps(reading)) == pytest.approx(reading.size, rel=0.3)
        assert READINGS * reading.size <= READINGS_BYTES


def test_a_packed_sheet_loses_no_ink_and_its_picture_looks_the_same(photo):
    found = photo.work.sheet
    packed = PackedSheet.of(found)
    again = packed.unpacked()

    np.testing.assert_array_equal(again.ink, found.ink)
    assert again.boxes == found.boxes
    assert abs(np.asarray(again.picture, float) - np.asarray(found.picture, float)).mean() < 1
    assert (packed.width, packed.height) == found.picture.size
    assert packed.size < found.ink.nbytes / 2


def test_packed_arrays_are_those_that_were_given_and_may_be_written_to():
    arrays = [np.arange(12, dtype=np.uint8).reshape(3, 4)[:, ::2], np.zeros((0, 3), np.float32)]
    packed = PackedArrays(arrays)
    packed[0][:] = 7

    assert [each.dtype for each in packed] == [np.uint8, np.float32]
    for each, given in zip(packed, arrays, strict=True):
        np.testing.assert_array_equal(each, given)
    assert len(packed[:1]) == 1


class Kept:
    def __init__(self, size: int) -> None:
        self.size = size


def test_the_oldest_are_forgotten_first_and_the_last_one_stays():
    kept = {number: Kept(10) for number in range(5)}
    forget_oldest(kept, count=4, size=25)
    assert list(kept) == [3, 4]

    kept[5] = Kept(1000)
    forget_oldest(kept, count=4, size=25)
    assert list(kept) == [5]
