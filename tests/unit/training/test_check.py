"""What cannot be trained is refused before anything is started, with what to do instead."""

import numpy as np
import pytest

from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.training.check import check_data
from tests.unit.helpers import run_config


def digits(train: int, test: int, name: str = "few") -> Digits:
    count = train + test
    return Digits(name, np.zeros((count, 8, 8), np.uint8), np.zeros(count, np.int64), np.arange(count) >= train)


def test_a_batch_of_all_training_images_is_allowed():
    assert check_data(run_config(batch_size=16), lambda _: digits(16, 1)) is None


def test_a_batch_larger_than_the_data_is_refused_with_both_numbers():
    with pytest.raises(DatasetError, match=r"batch size 17 is larger than the 16 training images of few\. Choose"):
        check_data(run_config(batch_size=17), lambda _: digits(16, 1))


def test_all_training_sets_together_must_fill_a_batch():
    config = run_config(batch_size=20)
    both = config.replace(data=config.data.replace(train=("a", "b")))

    assert check_data(both, lambda name: digits(10, 1, name)) is None
    with pytest.raises(DatasetError, match=r"20 is larger than the 18 training images of a \+ b"):
        check_data(both, lambda name: digits(9, 1, name))


def test_no_training_images_are_refused_as_such():
    with pytest.raises(DatasetError, match="few holds no training images"):
        check_data(run_config(), lambda _: digits(0, 5))


def test_no_test_images_are_refused_as_such():
    with pytest.raises(DatasetError, match="few holds no test images yet"):
        check_data(run_config(), lambda _: digits(20, 0))


def test_a_dataset_that_does_not_exist_is_refused(catalogue):
    config = run_config()

    with pytest.raises(DatasetError, match="no dataset 'emnist'"):
        check_data(config.replace(data=config.data.replace(train=("emnist",))), catalogue.load)
