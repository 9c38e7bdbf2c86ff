"""Principal components, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from digits_core.data.statistics.components import principal_components


def test_axes_and_shares_are_scikit_learns(few_optdigits):
    ours = principal_components(few_optdigits.images, 5)
    theirs = PCA(5, svd_solver="full").fit(few_optdigits.images.reshape(len(few_optdigits), -1).astype(float))

    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.sum(ours.axes * theirs.components_, axis=1)), 1, atol=1e-4)


def test_the_same_images_give_the_same_signs_in_any_order(few_optdigits):
    forward = principal_components(few_optdigits.images, 3).axes
    backward = principal_components(few_optdigits.images[::-1], 3).axes

    np.testing.assert_allclose(forward, backward, atol=1e-4)


def test_points_are_never_farther_apart_than_their_images(few_mnist):
    points = principal_components(few_mnist.images, 10).project(few_mnist.images)
    rows = few_mnist.images.reshape(len(few_mnist), -1).astype(float)
    apart = np.linalg.norm(rows - rows[0], axis=1)

    assert (np.linalg.norm(points - points[0], axis=1) <= apart + 0.1).all()


def test_large_images_count_in_blocks_and_are_never_farther_apart_for_it(few_mnist):
    large = np.kron(few_mnist.images[:40], np.ones((1, 4, 4), np.uint8))[:, :110]
    components = principal_components(large, 10)
    points = components.project(large)
    rows = large.reshape(len(large), -1).astype(float)
    apart = np.linalg.norm(rows - rows[0], axis=1)

    assert components.mean.shape == (28 * 28,)
    assert (np.linalg.norm(points - points[0], axis=1) <= apart + 0.1).all()
    assert np.corrcoef(np.linalg.norm(points - points[0], axis=1), apart)[0, 1] > 0.5


def test_all_components_rebuild_every_image(few_optdigits):
    images = few_optdigits.images[:40]

    assert principal_components(images, 64).misfit(images).max() < 0.01
    assert principal_components(images, 3).misfit(images).mean() > 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_or_equal_images_have_few_components_and_no_error(count):
    images = np.full((count, 4, 4), 80, dtype=np.uint8)
    components = principal_components(images, 5)

    assert len(components.axes) == max(0, count - 1)
    assert np.isfinite(components.shares).all()
    assert components.project(images).shape == (count, max(0, count - 1))
