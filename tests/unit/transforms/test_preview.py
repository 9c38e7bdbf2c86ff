"""What the Transforms page shows is what training runs."""

import numpy as np
import pytest
import torch
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.training.recipes import ROBUST
from digits_core.transforms import batched
from digits_core.transforms.pipeline import build_pipeline
from digits_core.transforms.preview import mean_images, trace, variants


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return read_optdigits().images[0]


def test_the_lectures_way_is_tuple_picture_resize_tensor_normalised(image):
    steps = trace(image, TransformConfig(), training=True, seed=0)
    assert [step.facts[:3] for step in steps] == [
        ("tensor", "(8, 8)", "uint8"),
        ("PIL image L", "8×8", "uint8"),
        ("PIL image L", "28×28", "uint8"),
        ("tensor", "(1, 28, 28)", "float32"),
        ("tensor", "(1, 28, 28)", "float32"),
    ]


@pytest.mark.parametrize("training", [False, True])
def test_the_last_step_is_what_the_pipeline_gives(image, training):
    config = ROBUST.config.transform
    last = trace(image, config, training, seed=3)[-1].value
    torch.manual_seed(3)
    assert torch.equal(last, build_pipeline(config, training)(Image.fromarray(image)))


def test_the_same_draw_gives_the_same_picture_and_another_draw_another(image):
    config = ROBUST.config.transform
    first, again, other = (trace(image, config, True, seed)[-1].value for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_looking_leaves_the_global_random_numbers_alone(image):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trace(image, ROBUST.config.transform, True, seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_the_random_steps_are_marked(image):
    marked = [step.name for step in trace(image, TransformConfig(rotation=5, noise=0.1), True, seed=0) if step.random]
    assert marked == ["Random affine", "Random noise"]


def test_a_histogram_counts_every_pixel(image):
    for step in trace(image, ROBUST.config.transform, True, seed=0):
        counts, middles = step.histogram
        assert counts.sum() == step.pixels.size
        assert step.value_range[0] < middles[0] < middles[-1] < step.value_range[1]


def test_the_first_variant_is_the_test_image_and_each_other_a_draw_of_its_own(image):
    config = ROBUST.config.transform
    shown = variants(image, config, 12, seed=0)
    assert shown.shape == (12, 28, 28)
    np.testing.assert_array_equal(shown[0], np.array(trace(image, config, False, seed=0)[2].value))
    assert len(np.unique(shown.reshape(12, -1), axis=0)) == 12


def test_a_transform_without_random_steps_has_one_variant(image):
    assert len(np.unique(variants(image, TransformConfig(), 5, seed=0).reshape(5, -1), axis=0)) == 1


def test_without_random_steps_the_mean_image_stays(few_mnist):
    means = mean_images(few_mnist.images, few_mnist.labels, TransformConfig(), seed=0)
    np.testing.assert_array_equal(means.before, means.after)
    np.testing.assert_allclose(means.before[0], few_mnist.images.mean(axis=0))
    np.testing.assert_allclose(means.before[4], few_mnist.images[few_mnist.labels == 3].mean(axis=0))
    assert means.lost == 0


def test_too_much_augmentation_blurs_the_mean_images_and_loses_ink(few_mnist):
    wild = TransformConfig(rotation=180, translation=10)
    means = mean_images(few_mnist.images, few_mnist.labels, wild, seed=0)
    assert means.after[2].std() < 0.6 * means.before[2].std()
    assert means.lost > 0.1


def test_a_digit_that_is_missing_has_an_empty_mean(few_mnist):
    ones = few_mnist.images[few_mnist.labels == 1]
    means = mean_images(ones, np.ones(len(ones), dtype=int), TransformConfig(), seed=0)
    assert not means.before[4].any()
    assert means.before[2].any()


def test_mean_images_of_many_are_reported_on_the_way(few_mnist, monkeypatch):
    config = TransformConfig(rotation=10)
    whole = mean_images(few_mnist.images, few_mnist.labels, TransformConfig(), seed=0)
    monkeypatch.setattr(batched, "CHUNK", 16)
    shares: list[float] = []
    parts = mean_images(few_mnist.images, few_mnist.labels, config, 0, shares.append)
    assert shares == [start / len(few_mnist.images) for start in range(0, len(few_mnist.images), 16)]
    np.testing.assert_allclose(parts.before, whole.before)
