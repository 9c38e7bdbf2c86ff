"""Both sources of batches give the same images in the same order, anew for each epoch."""

import pytest
import torch

from digits_core.config import TransformConfig
from digits_core.errors import DatasetError
from digits_core.training import batches as module
from digits_core.training.batches import LoaderBatches, TensorBatches, epoch_order, training_batches
from tests.unit.helpers import run_config

CPU = torch.device("cpu")
AUGMENTING = TransformConfig(rotation=10, translation=2, scale=0.1, shear=5, stroke_width=0.5)


@pytest.fixture(params=["tensors", "dataloader"])
def source(request) -> str:
    return request.param


def all_of(batches, epoch: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = zip(*batches.epoch(epoch), strict=True)
    return torch.cat(images), torch.cat(labels)


def test_both_sources_give_the_same_batches(few_mnist):
    config = run_config(batch_size=32)
    fast, slow = (kind(config, [few_mnist], CPU) for kind in (TensorBatches, LoaderBatches))

    for (images, labels), (their_images, their_labels) in zip(fast.epoch(2), slow.epoch(2), strict=True):
        torch.testing.assert_close(images, their_images, atol=1e-5, rtol=0)
        assert torch.equal(labels, their_labels)


def test_both_sources_give_the_same_images_when_they_are_resized(few_optdigits):
    fast, slow = (all_of(kind(run_config(), [few_optdigits], CPU)) for kind in (TensorBatches, LoaderBatches))

    torch.testing.assert_close(fast[0], slow[0], atol=2.1 / 255, rtol=0)  # a grey level is 2/255 of -1 to 1
    assert torch.equal(fast[1], slow[1])


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 250), (100, [100, 100, 50]), (250, [250])])
def test_the_last_batch_holds_what_is_left(few_mnist, source, size, sizes):
    batches = training_batches(run_config(batch_size=size, batches=source), [few_mnist], CPU)

    assert [len(labels) for _, labels in batches.epoch(1)] == sizes
    assert batches.images == 250


def test_every_training_image_and_no_other_comes_once_an_epoch(few_mnist, source):
    images, _ = all_of(training_batches(run_config(batches=source), [few_mnist], CPU))
    expected = torch.from_numpy(few_mnist.of("train")[0]).flatten(1)
    seen = ((images * 0.5 + 0.5) * 255).round().to(torch.uint8).flatten(1)

    assert sorted(map(tuple, seen.tolist())) == sorted(map(tuple, expected.tolist()))


@pytest.mark.parametrize("transform", [TransformConfig(), AUGMENTING], ids=["plain", "augmenting"])
def test_an_epoch_can_be_begun_anew(few_mnist, transform):
    batches = TensorBatches(run_config(transform=transform), [few_mnist], CPU)
    first = all_of(batches, 3)
    all_of(batches, 4)

    assert all(torch.equal(*both) for both in zip(first, all_of(batches, 3), strict=True))


def test_each_epoch_shuffles_and_augments_anew(few_mnist):
    batches = TensorBatches(run_config(transform=AUGMENTING), [few_mnist], CPU)
    seen = [
        images[torch.argsort(epoch_order(250, 0, epoch))] for epoch in (1, 2) for images in [all_of(batches, epoch)[0]]
    ]

    assert not torch.equal(epoch_order(250, 0, 1), epoch_order(250, 0, 2))
    assert (seen[0] != seen[1]).flatten(1).any(dim=1).float().mean() > 0.9


def test_another_seed_is_another_order():
    assert not torch.equal(epoch_order(250, 0, 1), epoch_order(250, 1, 1))


def test_an_order_names_every_image_once():
    assert epoch_order(250, 0, 1).sort().values.tolist() == list(range(250))


def test_several_datasets_are_mixed(few_mnist, few_optdigits, source):
    config = run_config(batches=source, batch_size=500)
    _, labels = all_of(training_batches(config, [few_mnist, few_optdigits], CPU))

    assert labels.bincount().tolist() == (few_mnist.counts("train") + few_optdigits.counts("train")).tolist()


def test_the_size_of_a_block_does_not_change_the_order(few_mnist, monkeypatch):
    batches = TensorBatches(run_config(batch_size=16), [few_mnist], CPU)
    whole = all_of(batches)
    monkeypatch.setattr(module, "BLOCK", 40)

    assert all(torch.equal(*both) for both in zip(whole, all_of(batches), strict=True))


def test_a_batch_larger_than_the_data_is_refused(few_mnist, source):
    with pytest.raises(DatasetError, match="batch size 251 is larger than the 250"):
        training_batches(run_config(batch_size=251, batches=source), [few_mnist], CPU)


def test_the_test_set_is_every_test_image_without_augmentation(few_mnist):
    images, labels = module.test_set(run_config(transform=AUGMENTING), [few_mnist], CPU)
    pixels, expected = few_mnist.of("test")

    torch.testing.assert_close(images[:, 0], torch.from_numpy(pixels) / 127.5 - 1, atol=1e-5, rtol=0)
    assert labels.tolist() == expected.tolist()
