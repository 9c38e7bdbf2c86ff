"""What a person should look at comes first."""

import numpy as np
import pytest

from digits_core.data.statistics.neighbours import neighbour_table
from digits_core.data.statistics.outliers import badly_rebuilt, class_misfits, doubted_labels, lonely_images


def test_a_label_that_was_swapped_is_doubted_first_with_the_right_digit(few_mnist):
    labels = few_mnist.labels.copy()
    ones = np.flatnonzero(labels == 1)
    labels[ones[3]] = 8

    ranking = doubted_labels(neighbour_table(few_mnist.images), labels)
    assert ranking.places[0] == ones[3]
    assert ranking.digits[0] == 1
    assert ranking.scores[0] == 1


def test_nobody_is_doubted_where_all_neighbours_agree(few_mnist):
    assert len(doubted_labels(neighbour_table(few_mnist.images), np.full(len(few_mnist), 3))) == 0


@pytest.fixture
def with_noise(few_mnist):
    """Some hundred digits, the one at place 40 replaced by noise."""
    images = few_mnist.images.copy()
    images[40] = np.random.default_rng(0).integers(0, 256, (28, 28))
    return images, few_mnist.labels


def test_noise_among_digits_is_farthest_from_all(with_noise):
    images, labels = with_noise
    ranking = lonely_images(neighbour_table(images), labels)

    assert ranking.places[0] == 40
    assert ranking.scores[0] > 1.5
    assert (np.diff(ranking.scores) <= 0).all()


def test_noise_among_digits_is_rebuilt_worst(with_noise):
    images, labels = with_noise
    ranking = badly_rebuilt(class_misfits(images, labels), labels)

    assert ranking.places[0] == 40
    assert sorted(ranking.places) == list(range(len(images)))


def test_an_unusual_image_counts_against_its_own_digit():
    """The widest of a narrow digit is odder than any of a digit that always varies."""
    misfits = np.array([10.0, 12, 14, 1, 1, 4])
    labels = np.array([2, 2, 2, 1, 1, 1])

    ranking = badly_rebuilt(misfits, labels)
    assert ranking.places[0] == 5
    assert ranking.scores[0] == pytest.approx(4)


@pytest.mark.parametrize("count", [0, 1])
def test_sets_of_no_and_one_image_are_ranked_without_an_error(count):
    images, labels = np.full((count, 5, 5), 9, np.uint8), np.zeros(count, int)
    table = neighbour_table(images)

    assert len(doubted_labels(table, labels)) == 0
    assert len(lonely_images(table, labels)) == count
    assert len(badly_rebuilt(class_misfits(images, labels), labels)) == count
