"""A set of digits says what it holds; its split depends on the images alone."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digits_core.data.digits import Digits, stratified_split
from digits_core.errors import DatasetError


@st.composite
def labelled_images(draw) -> tuple[np.ndarray, np.ndarray]:
    """Small images of few values, so that equal ones are common, under few labels."""
    count = draw(st.integers(1, 60))
    images = draw(arrays(np.uint8, (count, 2, 2), elements=st.integers(0, 3)))
    return images, draw(arrays(np.int64, count, elements=st.integers(0, 2)))


@st.composite
def distinct_images(draw) -> tuple[np.ndarray, np.ndarray]:
    """Images that are all different, each pixel pair its own number."""
    count = draw(st.integers(1, 200))
    values = np.arange(count, dtype=np.uint16) * 251
    return values.view(np.uint8).reshape(count, 1, 2), draw(arrays(np.int64, count, elements=st.integers(0, 9)))


@given(labelled_images(), st.randoms(use_true_random=False), st.integers(0, 5))
def test_an_image_keeps_its_side_whatever_the_order(data, random, seed):
    images, labels = data
    order = np.array(random.sample(range(len(images)), len(images)))

    split = stratified_split(images, labels, seed=seed)

    np.testing.assert_array_equal(stratified_split(images[order], labels[order], seed=seed), split[order])


@given(labelled_images())
def test_equal_images_are_never_on_both_sides(data):
    images, labels = data
    test = stratified_split(images, labels)

    assert {each.tobytes() for each in images[test]} & {each.tobytes() for each in images[~test]} == set()


@given(distinct_images())
def test_a_fifth_of_each_digit_is_for_testing(data):
    images, labels = data
    test = stratified_split(images, labels)

    for label in np.unique(labels):
        assert test[labels == label].sum() == round(0.2 * (labels == label).sum())


def test_another_seed_is_another_split(optdigits):
    first, second = (stratified_split(optdigits.images, optdigits.labels, seed=seed) for seed in (1, 2))

    assert (first != second).sum() > 100


def test_no_images_make_no_split():
    assert stratified_split(np.zeros((0, 8, 8), np.uint8), np.zeros(0, np.int64)).shape == (0,)


def test_both_splits_together_are_the_whole(optdigits):
    together = np.concatenate([optdigits.indices("train"), optdigits.indices("test")])

    np.testing.assert_array_equal(np.sort(together), np.arange(len(optdigits)))


def test_counts_are_those_of_the_labels_of_a_split(optdigits):
    for split in ("train", "test"):
        _, labels = optdigits.of(split)
        assert optdigits.counts(split).tolist() == [int((labels == digit).sum()) for digit in range(10)]


@given(st.integers(0, 2), st.integers(0, 3))
def test_the_fingerprint_tells_every_change(part, place):
    def fingerprint(images, labels, test) -> str:
        return Digits("some", images, labels, test).fingerprint

    parts = [np.zeros((4, 2, 2), np.uint8), np.zeros(4, np.int64), np.zeros(4, bool)]
    before = fingerprint(*parts)
    assume(before == fingerprint(*(each.copy() for each in parts)))
    parts[part].reshape(4, -1)[place, 0] = 1

    assert fingerprint(*parts) != before


@pytest.mark.parametrize(
    ("images", "labels", "test", "says"),
    [
        (np.zeros((2, 8, 8), np.float32), np.zeros(2, int), np.zeros(2, bool), "not uint8"),
        (np.zeros((2, 64), np.uint8), np.zeros(2, int), np.zeros(2, bool), "not uint8"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros(3, int), np.zeros(2, bool), "not as many labels"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros(2, int), np.zeros(1, bool), "not as many labels"),
        (np.zeros((2, 8, 8), np.uint8), np.array([0, 10]), np.zeros(2, bool), "not all digits from 0 to 9"),
        (np.zeros((2, 8, 8), np.uint8), np.array([-1, 9]), np.zeros(2, bool), "not all digits from 0 to 9"),
    ],
)
def test_what_does_not_fit_together_is_refused(images, labels, test, says):
    with pytest.raises(DatasetError, match=says):
        Digits("some", images, labels, test)


@st.composite
def handwriting(draw) -> Digits:
    """Digits of up to four writers, split in any way."""
    count = draw(st.integers(1, 40))
    images = np.arange(count, dtype=np.uint8).reshape(count, 1, 1)
    writers = draw(st.lists(st.sampled_from("abcd"), min_size=count, max_size=count))
    return Digits("handwriting", images, np.zeros(count, np.int64), draw(arrays(bool, count)), tuple(writers))


@given(handwriting(), st.sets(st.sampled_from("abcd"), min_size=1))
def test_training_never_sees_a_writer_who_is_tested_on(digits, writers):
    assume(set(digits.writers) & writers)
    split = digits.tested_on(writers)
    hand_of = dict(zip(digits.images.ravel().tolist(), digits.writers, strict=True))

    trained = {hand_of[number] for number in split.of("train")[0].ravel().tolist()}
    tested = {hand_of[number] for number in split.of("test")[0].ravel().tolist()}

    assert trained & writers == set()
    assert tested == set(digits.writers) & writers


@given(handwriting(), st.sets(st.sampled_from("abcd"), min_size=1))
def test_a_split_by_writers_never_trains_on_what_was_a_test_image(digits, writers):
    before = set(digits.of("train")[0].ravel().tolist())

    assert set(digits.tested_on(writers | {digits.writers[0]}).of("train")[0].ravel().tolist()) <= before


def test_digits_that_know_no_writers_stay_as_they_are(few_optdigits):
    assert few_optdigits.tested_on({"anna"}) is few_optdigits


def test_as_many_writers_as_images_or_none():
    with pytest.raises(DatasetError, match="has 2 images, but 1 writers"):
        Digits("x", np.zeros((2, 1, 1), np.uint8), np.zeros(2, np.int64), np.zeros(2, bool), ("anna",))
