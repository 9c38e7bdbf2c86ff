"""What the images of a digit have in common, against cases that can be reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from digits_core.data.statistics import chunks as chunking
from digits_core.data.statistics.chunks import chunks
from digits_core.data.statistics.classes import as_pictures, class_images, pixel_histogram

IMAGES = npst.arrays(np.uint8, st.tuples(st.integers(0, 12), st.integers(1, 5), st.integers(1, 5)))


def test_mean_and_deviation_of_two_images_of_a_digit():
    images = np.array([[[0, 100]], [[200, 100]], [[7, 9]]], dtype=np.uint8)
    found = class_images(images, np.array([3, 3, 5]))

    np.testing.assert_allclose(found.mean[3], [[100, 100]])
    np.testing.assert_allclose(found.deviation[3], [[100, 0]])
    np.testing.assert_allclose(found.mean[5], [[7, 9]])
    assert found.counts.tolist() == [0, 0, 0, 2, 0, 1, 0, 0, 0, 0]
    assert found.ink[3] == pytest.approx(100 / 255)


def test_a_digit_without_images_is_empty_and_no_error():
    found = class_images(np.full((1, 2, 2), 255, np.uint8), np.array([1]))

    assert not found.mean[0].any()
    assert not found.deviation.any()


def test_real_digits_agree_with_numpy(few_mnist):
    found = class_images(few_mnist.images, few_mnist.labels)
    for digit in range(10):
        own = few_mnist.images[few_mnist.labels == digit].astype(float)
        np.testing.assert_allclose(found.mean[digit], own.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(found.deviation[digit], own.std(axis=0), atol=1e-4)


@given(IMAGES)
def test_every_pixel_is_counted_once(images):
    counts = pixel_histogram(images)

    assert counts.tolist() == np.bincount(images.ravel(), minlength=256).tolist()


@given(IMAGES, st.integers(1, 40))
def test_chunks_cover_all_images_in_order_and_keep_to_their_size(images, values):
    parts = [images[part] for part in chunks(images, values)]

    assert sum(len(part) for part in parts) == len(images)
    assert all(part.size <= max(values, images[0].size) for part in parts)
    if parts:
        np.testing.assert_array_equal(np.concatenate(parts), images)


def test_many_chunks_give_what_one_gives(few_mnist, monkeypatch):
    whole = class_images(few_mnist.images, few_mnist.labels)
    monkeypatch.setattr(chunking.chunks, "__defaults__", (784 * 7,))
    parts = class_images(few_mnist.images, few_mnist.labels)

    np.testing.assert_allclose(parts.mean, whole.mean)
    np.testing.assert_allclose(parts.deviation, whole.deviation)


def test_pictures_share_one_scale_whose_largest_value_is_white():
    pictures = as_pictures(np.array([[[0.0, 1.0]], [[2.0, 4.0]]]))

    assert pictures.tolist() == [[[0, 64]], [[128, 255]]]
    assert not as_pictures(np.zeros((2, 3, 3))).any()
