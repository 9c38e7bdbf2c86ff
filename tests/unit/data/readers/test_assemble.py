"""What a person is told of a file before it is kept."""

import pickle

import numpy as np

from tests.unit.data.readers.helpers import npz, read, tuples


def test_what_was_found_and_what_is_done_is_said_in_sentences(optdigits):
    light = 1 - optdigits.images / np.float32(255)
    pairs = tuples(light, optdigits.labels)
    reading = read(pickle.dumps({"train": pairs[:1500], "test": pairs[1500:]}))

    assert reading.found == (
        "A train list of 1,500 and a test list of 297 images.",
        "Images of 8 × 8 pixels, values from 0 to 1 (float32).",
        "Dark ink on light paper.",
        "Between 174 and 183 images of each digit.",
    )
    assert reading.changes == (
        "Values from 0 to 1 (float32) are spread over 0 to 255.",
        "Inverted: the file has dark ink on light paper.",
    )
    assert np.array_equal(reading.images, optdigits.images)


def test_digits_that_are_missing_are_named(optdigits):
    chosen = np.isin(optdigits.labels, (3, 7))
    reading = read(npz(images=optdigits.images[chosen], labels=optdigits.labels[chosen]))

    assert "No image of 0, 1, 2, 4, 5, 6, 8, 9; up to 183 of each other digit." in reading.found


def test_images_that_look_the_other_way_round_are_counted(optdigits):
    images = optdigits.images[:100].copy()
    images[:7] = 255 - images[:7]
    reading = read(npz(images=images, labels=optdigits.labels[:100]))

    assert "7 of the images look the other way round: mostly light where the others are dark." in reading.found


def test_tensors_of_two_types_are_each_read_in_their_own_range(optdigits):
    images, labels = optdigits.images[:60], optdigits.labels[:60]
    mixed = [*tuples(images[:30], labels[:30]), *tuples(images[30:] / np.float32(255), labels[30:])]
    reading = read(pickle.dumps(mixed))

    assert np.array_equal(reading.images, images)
    assert reading.original_range == "0 to 255 (uint8) and 0 to 1 (float32)"


def test_colours_become_grey_and_it_is_said(optdigits):
    images = np.repeat(optdigits.images[:60, ..., None], 3, axis=3)
    reading = read(npz(images=images, labels=optdigits.labels[:60]))

    assert np.array_equal(reading.images, optdigits.images[:60])
    assert "Colours become grey." in reading.changes


def test_a_file_with_a_test_list_alone_is_split_by_us(optdigits):
    reading = read(npz(x_test=optdigits.images, y_test=optdigits.labels))

    assert reading.test is None
    assert reading.digits("mine").fingerprint == optdigits.fingerprint
    assert "Split by us: 20 % of each digit are set aside for testing." in reading.changes
