"""A small network that was really trained, for all tests of recognition: centred MNIST digits, some seconds."""

import pytest

from digits_core.config import TransformConfig
from digits_core.recognition.out_of_distribution import Refusal, calibrate
from digits_core.recognition.recogniser import Recogniser
from digits_core.runs.execution import as_arrays
from digits_core.training.loop import Training
from tests.unit.conftest import cut
from tests.unit.helpers import run_config

CONFIG = run_config(transform=TransformConfig(centre=True), epochs=6, batch_size=64, learning_rate=0.003)
IMAGES = {"train": 1000, "test": 200}


@pytest.fixture(scope="package")
def trained(mnist_5k) -> Training:
    digits = cut(mnist_5k, **IMAGES)
    training = Training(CONFIG, [digits], [digits])
    for _ in training.run():
        pass
    return training


@pytest.fixture(scope="package")
def recogniser(trained) -> Recogniser:
    return Recogniser(CONFIG, as_arrays(trained.network))


@pytest.fixture(scope="package")
def digits(mnist_5k):
    """The digits that it was trained on and tested with."""
    return cut(mnist_5k, **IMAGES)


@pytest.fixture(scope="package")
def answers(recogniser, digits):
    """What it says of twenty test images."""
    return recogniser.read_all(list(digits.of("test")[0][::10]))


@pytest.fixture(scope="package")
def refusal(recogniser, digits) -> Refusal:
    return calibrate(recogniser, [digits], [digits])
