"""Uploaded pictures: one digit or many, found, read, labelled by a network and then by a person."""

import io

import numpy as np
import pytest
from PIL import Image

from digits_core.config import RunConfig, TransformConfig
from digits_core.dashboard.recognise.photos import read_photo
from digits_core.network.improved_net import ImprovedNet
from digits_core.recognition.recogniser import Recogniser
from tests.pictures import as_png, sheet

ROWS = [[1, 0, 7], [4, 7]]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    weights = {name: values.numpy() for name, values in ImprovedNet().state_dict().items()}
    return Recogniser(RunConfig(transform=TransformConfig(centre=True)), weights)


def photo_of(content: bytes):
    return read_photo(content, "photo.png", 1, "auto", 500)


def with_background(content: bytes, change) -> bytes:
    return as_png(
        Image.fromarray(np.clip(change(np.asarray(Image.open(io.BytesIO(content)), float)), 0, 255).astype("u1"))
    )


def shadow(tones):
    return tones * np.linspace(1, 0.55, tones.shape[1])


def ruled(tones):
    tones = tones.copy()
    tones[::25] = np.minimum(tones[::25], 195)
    return tones


def dark_mode(tones):
    return 255 - tones


@pytest.mark.parametrize("change", [lambda tones: tones, shadow, ruled, dark_mode])
def test_digits_on_paper_are_found_in_reading_order(change, recogniser):
    photo = photo_of(with_background(sheet(ROWS), change))
    found = photo.read(recogniser, "a", "#1")

    assert len(found) == 5
    assert [len(line) for line in photo.text.split(" ")] == [3, 2]


def test_a_photo_turned_by_the_phone_is_read_upright(recogniser):
    upright = Image.open(io.BytesIO(sheet(ROWS)))
    turned, exif, content = upright.transpose(Image.Transpose.ROTATE_90), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    turned.save(content, "JPEG", exif=exif, quality=95)
    photo = read_photo(content.getvalue(), "photo.jpg", 1, "auto", 500)

    photo.read(recogniser, "a", "#1")
    assert [len(line) for line in photo.text.split(" ")] == [3, 2]


def test_a_person_has_the_last_word_on_a_label(recogniser):
    photo = photo_of(sheet(ROWS))
    found = photo.read(recogniser, "a", "#1")
    first, (box, reading) = photo.work.boxes.now[0], found[0]
    other = (reading.answers[0].digit + 1) % 10
    photo.work.change([first.labelled(other), *photo.work.boxes.now[1:]])
    photo.propose()

    assert photo.label(box) == other
    assert photo.text[0] == str(other)
    assert photo.boxed()[0].sure
    saved = [*photo.samples("Ada").values()]
    assert len(saved) == 5
    assert (saved[0].label, saved[0].writer, saved[0].source) == (other, "Ada", "sheet")
    assert [each.label for each in saved[1:]] == [reading.answers[0].digit for _, reading in found[1:]]


def test_proposing_twice_changes_nothing_more(recogniser):
    photo = photo_of(sheet(ROWS))
    photo.read(recogniser, "a", "#1")
    photo.propose()
    before = photo.work.boxes, photo.work.table
    photo.propose()

    assert (photo.work.boxes, photo.work.table) == before


def test_only_a_box_that_is_new_is_read_and_another_run_reads_all(recogniser):
    photo = photo_of(sheet(ROWS))
    photo.read(recogniser, "a", "#1")
    before = dict(photo.answers)
    photo.work.change(photo.work.boxes.now[:4])
    photo.read(recogniser, "a", "#1")
    assert photo.answers == before

    photo.read(recogniser, "b", "#2")
    assert len(photo.answers) == 4
    assert {each.run for each in photo.answers.values()} == {"#2"}
