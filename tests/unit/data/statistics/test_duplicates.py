"""Copies are found, and counted where they hurt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.data.statistics.duplicates import (
    KINDS,
    Pairs,
    count_exact,
    count_near,
    exact_groups,
    near_pairs,
    seen_in_training,
)
from digits_core.data.statistics.neighbours import neighbour_table

NO_PAIRS = Pairs(np.empty(0, int), np.empty(0, int), np.empty(0))


def of_levels(*levels: int) -> np.ndarray:
    """Images of 3 × 3 pixels, each of one grey level: their distances are the differences of the levels."""
    return np.array(levels, dtype=np.uint8)[:, None, None].repeat(3, axis=1).repeat(3, axis=2)


def test_groups_are_of_images_that_are_equal_in_every_pixel_the_largest_first():
    images = of_levels(5, 9, 5, 7, 9, 9)
    images[3, 2, 2] = 5

    assert [group.tolist() for group in exact_groups(images)] == [[1, 4, 5], [0, 2]]


def test_images_that_differ_in_one_pixel_are_no_copies_but_near():
    images = of_levels(100, 100, 200)
    images[1, 0, 0] = 103  # 3 in one of nine pixels: 1 grey level per pixel

    assert exact_groups(images) == []
    pairs = near_pairs(neighbour_table(images), 1.5)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [1])
    assert pairs.distances == pytest.approx([1])
    assert len(near_pairs(neighbour_table(images), 0.5)) == 0


def test_each_pair_is_named_once_the_closest_first():
    pairs = near_pairs(neighbour_table(of_levels(10, 16, 12, 90)), 5)

    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == [(0, 2), (1, 2)]
    assert pairs.distances == pytest.approx([2, 4])


def test_exact_copies_are_not_near_pairs():
    assert len(near_pairs(neighbour_table(of_levels(10, 10)), 5)) == 0


def test_a_higher_threshold_never_finds_fewer(few_mnist):
    table = neighbour_table(few_mnist.images)
    found = [len(near_pairs(table, threshold)) for threshold in range(0, 60, 10)]

    assert found == sorted(found)
    assert found[-1] > 0


def test_pairs_are_counted_by_split_and_by_label():
    groups = [np.array([0, 1, 2]), np.array([3, 4])]
    labels, test = np.array([1, 1, 2, 6, 6]), np.array([False, False, True, True, True])

    counts = count_exact(groups, labels, test)
    assert dict(zip(KINDS, counts.tolist(), strict=True)) == {
        "train–train": [1, 0],
        "test–test": [1, 0],
        "train–test": [0, 2],
    }
    assert seen_in_training(groups, NO_PAIRS, test) == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30))
def test_sizes_of_groups_give_the_counts_that_going_through_all_pairs_gives(samples):
    labels, test, levels = (np.array(column) for column in zip(*samples, strict=True))
    groups = exact_groups(of_levels(*levels))
    first, second = np.triu_indices(len(levels), 1)
    equal = levels[first] == levels[second]
    every = Pairs(first[equal], second[equal], np.zeros(equal.sum()))

    assert count_exact(groups, labels, test).tolist() == count_near(every, labels, test).tolist()
    assert seen_in_training(groups, NO_PAIRS, test) == seen_in_training([], every, test)


def test_near_pairs_across_the_splits_are_test_images_seen():
    pairs = Pairs(np.array([0, 2]), np.array([1, 3]), np.array([1.0, 2.0]))
    test = np.array([False, True, True, True])

    assert seen_in_training([], pairs, test) == 1
    assert pairs.kinds(test).tolist() == [KINDS.index("train–test"), KINDS.index("test–test")]
    assert pairs.where(pairs.distances > 1).first.tolist() == [2]


def test_a_built_in_split_holds_no_copy_of_a_training_image(mnist_5k):
    groups = exact_groups(mnist_5k.images)

    assert count_exact(groups, mnist_5k.labels, mnist_5k.test)[KINDS.index("train–test")].sum() == 0
