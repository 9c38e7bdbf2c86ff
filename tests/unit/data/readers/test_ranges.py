"""Which values mean paper and ink: found out over the whole file, and said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.data.readers.columns import Block
from digits_core.data.readers.ranges import is_dark_on_light, other_way_round, range_of


def block(images: np.ndarray) -> Block:
    return Block(images, np.arange(len(images)))


@pytest.mark.parametrize(
    ("values", "dtype", "said"),
    [
        ([0, 255], np.uint8, "0 to 255 (uint8)"),
        ([0, 200], np.uint8, "0 to 255 (uint8)"),
        ([0, 255], np.float32, "0 to 255 (float32)"),
        ([0, 1], np.float32, "0 to 1 (float32)"),
        ([0, 0.6], np.float64, "0 to 1 (float64)"),
        ([0, 1], np.bool_, "0 to 1 (bool)"),
        ([0, 1], np.int64, "0 to 1 (int64)"),
        ([-1, 1], np.float32, "-1 to 1 (float32)"),
        ([-1, 0.9], np.float32, "-1 to 1 (float32)"),
        ([0, 16], np.uint8, "0 to 16 (uint8)"),
        ([0, 15], np.float64, "0 to 16 (float64)"),
        ([0, 65535], np.uint16, "0 to 65535 (uint16)"),
        ([0, 65000], np.int32, "0 to 65535 (int32)"),
        ([-0.5, 2.75], np.float32, "-0.5 to 2.75 (float32)"),
        ([0, 1.02], np.float32, "0 to 1.02 (float32)"),
        ([0, 1000], np.int32, "0 to 1000 (int32)"),
        ([-128, 127], np.int8, "-128 to 127 (int8)"),
    ],
    ids=str,
)
def test_the_range_is_found_and_spread_over_all_of_0_to_255(values, dtype, said):
    images = np.zeros((40, 8, 8), dtype)
    images[:, 2:4, 2:4] = np.array(values[0]).astype(dtype)
    images[:, 4:6, 4:6] = np.array(values[1]).astype(dtype)
    problems = {}
    found = range_of(block(images), problems)
    spread = found.spread(images)

    assert str(found) == said
    assert problems == {}
    assert spread.dtype == np.uint8
    assert spread[0, 4, 4] > 140
    assert (spread[0, 4, 4] == 255) == (float(images.max()) == found.high)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_any_other_range_keeps_the_order_of_its_values(low, width):
    images = np.linspace(low, low + width, 4 * 64).reshape(4, 8, 8)
    spread = range_of(block(images), {}).spread(images).reshape(-1)

    assert (np.diff(spread.astype(int)) >= 0).all()


def test_a_file_of_one_value_is_read():
    images = np.full((3, 8, 8), 77.7)

    assert (range_of(block(images), {}).spread(images) < 255).all()


def test_where_every_image_has_a_broken_pixel_there_is_no_range():
    images = np.zeros((3, 8, 8))
    images[:, 0, 0] = np.nan
    problems = {}

    assert range_of(block(images), problems) is None
    assert list(problems) == [0, 1, 2]


def test_built_in_digits_are_seen_as_bright_on_dark_and_their_negatives_as_dark_on_light(optdigits, mnist_5k):
    for digits in (optdigits, mnist_5k):
        assert not is_dark_on_light(digits.images)
        assert is_dark_on_light(255 - digits.images)
        # Even of a single image, all but a few are told right.
        assert other_way_round(digits.images) <= 0.002 * len(digits)
