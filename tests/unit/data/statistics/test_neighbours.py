"""Which images look alike: the nearest are the nearest in pixel space."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from digits_core.data.statistics.neighbours import (
    NeighbourTable,
    disagreement,
    distances_to,
    nearest,
    neighbour_table,
)


def of_levels(*levels: int) -> np.ndarray:
    """Images of 2 × 2 pixels, each of one grey level: their distances are the differences of the levels."""
    return np.array(levels, dtype=np.uint8)[:, None, None].repeat(2, axis=1).repeat(2, axis=2)


def test_the_distance_is_the_root_mean_square_difference_per_pixel():
    assert distances_to(of_levels(10, 13, 255), of_levels(10)[0]).tolist() == [0, 3, 245]
    image = np.array([[[0, 0], [0, 8]]], dtype=np.uint8)
    assert distances_to(image, np.zeros((2, 2), np.uint8)) == pytest.approx([4])


def test_the_nearest_come_first_and_an_image_is_not_its_own_neighbour():
    places, distances = nearest(of_levels(0, 50, 10, 12), 0, count=2)

    assert places.tolist() == [2, 3]
    assert distances.tolist() == [10, 12]


def test_the_table_has_the_neighbours_of_every_image():
    table = neighbour_table(of_levels(0, 50, 10, 12), count=2)

    assert table.places.tolist() == [[2, 3], [3, 2], [3, 0], [2, 0]]
    np.testing.assert_allclose(table.distances, [[10, 12], [38, 40], [2, 10], [2, 12]])


def test_the_table_agrees_with_an_exact_search(few_mnist):
    table = neighbour_table(few_mnist.images, count=10)
    rows = few_mnist.images.reshape(len(few_mnist), -1).astype(float)
    distances, _ = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(rows).kneighbors(rows)

    np.testing.assert_allclose(table.distances[:, 0], distances[:, 1] / 28, atol=0.01)
    # Of all ten, candidates from 50 components may miss one that is hardly nearer than another.
    assert np.isclose(table.distances, distances[:, 1:] / 28, atol=0.01).mean() > 0.99


def test_copies_are_neighbours_at_distance_zero_and_none_is_its_own():
    table = neighbour_table(of_levels(*[7] * 50, 200), count=3)

    assert (table.distances[:50] == 0).all()
    assert (table.places != np.arange(51)[:, None]).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_sets_of_no_one_and_two_images_have_what_neighbours_there_are(count):
    table = neighbour_table(of_levels(*range(count)))

    assert table.places.shape == (count, max(0, count - 1))
    if count:
        assert len(nearest(of_levels(*range(count)), 0)[0]) == count - 1


def test_a_report_that_raises_ends_the_search(few_optdigits):
    def stop(_share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        neighbour_table(few_optdigits.images, report=stop)


def test_progress_goes_from_nothing_to_all(few_optdigits):
    shares: list[float] = []
    neighbour_table(few_optdigits.images, report=shares.append)

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


def test_neighbours_vote_against_a_label_by_how_near_they_are():
    table = NeighbourTable(np.array([[1, 2], [0, 2], [0, 1]]), np.array([[2, 6], [2, 3], [6, 3]], np.float32))
    against, digits = disagreement(table, np.array([5, 7, 5]))
    # For the first, a 7 at distance 2 weighs 1/2, a 5 at distance 6 weighs 1/6.
    assert against == pytest.approx([3 / 4, 1, 2 / 3])
    assert digits.tolist() == [7, 5, 7]


def test_the_votes_are_those_of_scikit_learns_classifier(few_mnist):
    table = neighbour_table(few_mnist.images, count=5)
    against, digits = disagreement(table, few_mnist.labels)
    rows = few_mnist.images.reshape(len(few_mnist), -1) / 28
    for place in (0, 100, 200):
        others = table.places[place]
        theirs = KNeighborsClassifier(5, weights="distance").fit(rows[others], few_mnist.labels[others])
        chances = dict(zip(theirs.classes_, theirs.predict_proba(rows[[place]])[0], strict=True))
        assert against[place] == pytest.approx(1 - chances.get(few_mnist.labels[place], 0), abs=1e-4)
        assert digits[place] == theirs.predict(rows[[place]])[0]


def test_without_neighbours_nobody_disagrees():
    against, digits = disagreement(NeighbourTable(np.empty((2, 0), int), np.empty((2, 0))), np.array([4, 9]))

    assert against.tolist() == [0, 0]
    assert digits.tolist() == [4, 9]
