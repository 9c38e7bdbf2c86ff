"""What a notebook sees of a dataset: the lecture's tuples, and the tensors that the network reads."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import digits_core as dl
from digits_core.data.builtin import read_optdigits
from digits_core.errors import ConfigError, DatasetError


@pytest.fixture
def digits(home):
    return dl.load("optdigits")


def test_its_splits_are_those_that_the_app_trains_and_tests_on(digits):
    for samples, split in ((digits.train, "train"), (digits.test, "test")):
        images, labels = read_optdigits().of(split)
        np.testing.assert_array_equal(samples.images, images)
        np.testing.assert_array_equal(samples.labels, labels)
    assert len(digits) == len(digits.train) + len(digits.test) == len(digits.labels)


def test_a_sample_is_the_lectures_tuple(digits):
    image, label = digits.train[3]

    assert (image.shape, image.dtype, type(label)) == ((8, 8), torch.uint8, int)
    assert [label for _, label in digits.test] == digits.test.labels.tolist()


def test_a_slice_is_a_smaller_set_of_samples(digits):
    few = digits.train[10:20]

    assert (len(few), few.images.shape) == (10, (10, 8, 8))
    assert few[0][1] == digits.train[10][1]


def test_samples_go_into_the_lectures_dataset_and_its_loader(digits):
    dataset = dl.CustomTensorDataset(digits.train, dl.transforms().train)
    images, labels = next(iter(DataLoader(dataset, batch_size=16, shuffle=True)))

    assert (images.shape, labels.shape) == ((16, 1, 28, 28), (16,))


def test_tensors_are_what_the_transform_makes_of_each_image(digits):
    images, labels = digits.test[:20].tensors()
    dataset = dl.CustomTensorDataset(digits.test[:20], dl.transforms().test)

    torch.testing.assert_close(images, torch.stack([image for image, _ in dataset]), atol=0.01, rtol=0)
    assert labels.tolist() == [label for _, label in dataset]


def test_tensors_follow_a_config_and_its_own_mean(digits):
    images, _ = digits.train.tensors(dl.TransformConfig(size=20, normalisation="dataset"))

    assert images.shape == (1438, 1, 20, 20)
    assert abs(images.mean().item()) < 0.01


def test_it_shows_its_digits_and_how_many_there_are(digits):
    html = digits._repr_html_()

    assert html.count("<img") == 40
    assert html.count("data:image/png;base64,") == 40
    assert all(f">{count}<" in html for count in np.bincount(digits.test.labels))
    assert digits.train[:7]._repr_html_().count("<img") == 7
    assert "and 1,398 more" in digits.train._repr_html_()


def test_a_digit_without_samples_leaves_its_column_empty(home):
    from digits_core.api.datasets import DigitsDataset
    from digits_core.data.catalogue import BUILT_IN
    from digits_core.data.digits import Digits

    one = Digits("own", np.full((1, 8, 8), 200, np.uint8), np.array([7]), np.array([False]))

    assert DigitsDataset(one, BUILT_IN["handwriting"])._repr_html_().count("<img") == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("optdigit", "There is no dataset 'optdigit'. There are: optdigits, mnist-5k, strokes, mnist, handwriting."),
        ("mnist", "MNIST in full is not downloaded yet"),
        ("handwriting", "no handwriting yet"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(home, name, message):
    with pytest.raises(DatasetError, match=message) as caught:
        dl.load(name)
    assert "\n" not in str(caught.value)


def test_a_config_that_is_none_is_refused(digits):
    with pytest.raises(ConfigError, match="neither a RunConfig nor the name of a recipe"):
        digits.test.tensors(7)
