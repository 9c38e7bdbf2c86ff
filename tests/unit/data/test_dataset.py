"""The lecture's form of the data: tuples, and a `Dataset` over them."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from digits_core.data.dataset import CustomTensorDataset, as_tuples

PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)


def test_tuples_hold_tensors_of_one_image_each(optdigits):
    tuples = as_tuples(optdigits, "test")
    images, labels = optdigits.of("test")

    assert all(image.shape == (8, 8) and image.dtype == torch.uint8 for image, _ in tuples)
    np.testing.assert_array_equal(torch.stack([image for image, _ in tuples]), images)
    assert [label for _, label in tuples] == labels.tolist()


@pytest.mark.parametrize("image", [PIXELS, torch.from_numpy(PIXELS)], ids=["array", "tensor"])
def test_an_image_becomes_a_picture_of_the_same_pixels(image):
    picture, label = CustomTensorDataset([(image, 7)])[0]

    assert isinstance(picture, Image.Image)
    np.testing.assert_array_equal(np.array(picture), PIXELS)
    assert label == 7


def test_a_picture_stays_a_picture():
    picture = Image.fromarray(PIXELS)

    assert CustomTensorDataset([(picture, 7)])[0][0] is picture


def test_the_transform_gets_the_picture_and_its_result_is_returned():
    dataset = CustomTensorDataset([(torch.from_numpy(PIXELS), 7)], transform=lambda picture: (picture.mode, 28))

    assert dataset[0] == (("L", 28), 7)


def test_training_and_test_sets_have_their_own_transforms():
    tuples = [(torch.from_numpy(PIXELS), 7)]
    train = CustomTensorDataset(tuples, transform=lambda _: "train")
    test = CustomTensorDataset(tuples, transform=lambda _: "test")

    assert (train[0][0], test[0][0]) == ("train", "test")


def test_a_loader_makes_the_lectures_batches_of_it(optdigits):
    resize = v2.Compose([v2.Resize((28, 28)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    dataset = CustomTensorDataset(as_tuples(optdigits, "test")[:20], resize)

    images, labels = next(iter(DataLoader(dataset, batch_size=16)))

    assert len(dataset) == 20
    assert images.shape == (16, 1, 28, 28)
    assert labels.dtype == torch.int64
