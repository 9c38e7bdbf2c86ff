"""A dataset's own mean and standard deviation are those of the pixels that the network is trained on."""

import numpy as np
import pytest
import torch

from digits_core.config import TransformConfig
from digits_core.errors import ConfigError, DatasetError
from digits_core.training.batches import training_batches
from digits_core.training.check import with_own_mean_and_std
from digits_core.transforms import batched
from digits_core.transforms.normalisation import measure, resolve
from digits_core.transforms.pipeline import build_pipeline
from tests.unit.helpers import run_config

OWN = TransformConfig(normalisation="dataset")


@pytest.mark.parametrize("config", [OWN, OWN.replace(centre=True), OWN.replace(size=20)])
def test_the_training_images_have_mean_0_and_deviation_1_afterwards(few_optdigits, config):
    images = few_optdigits.of("train")[0]
    resolved = resolve(config, [images])
    normalised = batched.normalise(batched.prepare(images, resolved), resolved)

    assert normalised.mean().item() == pytest.approx(0, abs=1e-4)
    assert normalised.std().item() == pytest.approx(1, abs=1e-4)


def test_several_sets_count_by_their_pixels(few_optdigits, few_mnist):
    sets = [few_optdigits.images[:30], few_mnist.images[:200]]
    together = np.concatenate([batched.prepare(each, OWN).numpy() for each in sets]) / 255

    assert measure(sets, OWN) == pytest.approx((together.mean(), together.std()), abs=1e-9)


def test_mnist_has_the_numbers_that_everyone_uses(mnist_5k):
    mean, std = measure([mnist_5k.images], OWN)

    assert (mean, std) == pytest.approx((0.1307, 0.3081), abs=0.002)


def test_the_order_of_the_images_does_not_matter(few_mnist):
    assert measure([few_mnist.images[::-1]], OWN) == measure([few_mnist.images], OWN)


def test_fixed_numbers_are_left_alone(few_mnist):
    assert resolve(TransformConfig(mean=0.2), [few_mnist.images]) == TransformConfig(mean=0.2)


def test_images_of_one_grey_do_not_divide_by_zero():
    resolved = resolve(OWN, [np.full((5, 28, 28), 51, np.uint8)])

    assert resolved.mean == pytest.approx(0.2)
    assert resolved.std > 0


def test_no_images_have_no_mean():
    with pytest.raises(DatasetError, match="no training images"):
        resolve(OWN, [np.zeros((0, 8, 8), np.uint8)])


def test_a_run_is_made_with_the_numbers_of_its_training_images_alone(few_optdigits):
    config = run_config(transform=OWN)
    ready = with_own_mean_and_std(config, lambda name: few_optdigits)

    assert ready.transform == resolve(OWN, [few_optdigits.of("train")[0]])
    assert ready.transform.normalisation == "fixed"
    assert ready.replace(transform=OWN) == config


def test_nothing_trains_or_looks_before_the_numbers_are_known(few_mnist):
    with pytest.raises(ConfigError, match="not measured yet"):
        build_pipeline(OWN, training=False)
    with pytest.raises(ConfigError, match="not measured yet"):
        next(training_batches(run_config(transform=OWN), [few_mnist], torch.device("cpu")).epoch(1))
