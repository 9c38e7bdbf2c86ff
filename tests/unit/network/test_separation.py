"""How far digits are apart, told from clouds whose distance is known."""

import numpy as np
import pytest

from digits_core.network.separation import choose_samples, map_samples, nearest_centroid


def clouds(distance: float, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Three digits in 20 dimensions, spread 1, their means `distance` apart along an axis each."""
    draw = np.random.default_rng(0)
    labels = np.arange(count) % 3
    values = draw.normal(size=(count, 20)).astype(np.float32)
    values[np.arange(count), labels] += distance
    return values, labels


def test_what_lies_apart_is_told_apart_and_what_mixes_is_not():
    apart, mixed = (map_samples(*clouds(distance)) for distance in (30, 0))

    assert apart.nearest_centroid == 1
    assert apart.silhouette > 0.8
    assert mixed.nearest_centroid < 0.6
    assert mixed.silhouette < 0.1


def test_the_numbers_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score

    values, labels = clouds(3)
    found, pca = map_samples(values, labels), PCA(2).fit(values)

    np.testing.assert_allclose(np.abs(found.points), np.abs(pca.transform(values)), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_, rtol=1e-4)
    assert found.silhouette == pytest.approx(silhouette_score(values, labels), abs=1e-4)


def test_the_mean_is_taken_from_others_than_those_it_judges():
    # Each label has one sample left and one right of the other's: its own mean would lie nearest, the other half's not.
    values, labels = np.array([[0.0], [10.0], [10.0], [0.0]]), np.array([0, 0, 1, 1])

    assert nearest_centroid(values, labels) == 0


@pytest.mark.parametrize("each", [3, 500])
def test_as_many_of_each_digit_are_chosen_always_the_same(each):
    labels = np.repeat(np.arange(10), [40, 5, 60, 30, 30, 30, 30, 30, 30, 1])
    chosen = choose_samples(labels, each * 10)

    assert len(set(chosen.tolist())) == len(chosen)
    counts = np.bincount(labels[chosen], minlength=10)
    wanted = each * 10 // 9
    assert counts.tolist() == [min(wanted, count) for count in np.bincount(labels)[:9]] + [0]
    np.testing.assert_array_equal(chosen, choose_samples(labels, each * 10))


def test_of_no_labels_none_are_chosen():
    assert choose_samples(np.empty(0, dtype=np.int64), 500).size == 0
