"""What is looked at while a network trains is what it is called, and looking changes nothing."""

import math

import pytest
import torch

from digits_core.config import TransformConfig
from digits_core.training import loop, measures
from digits_core.training.events import EpochFinished, Progress
from digits_core.training.loop import Training
from digits_core.training.measures import BatchLosses
from digits_core.training.testing import confusion, watched_places
from tests.unit.helpers import epochs_in, run_config

LAYERS = ["conv1", "conv2", "fc1", "fc2", "fc3"]


def training_of(digits, **training) -> Training:
    return Training(run_config(transform=TransformConfig(size=10), **training), [digits], [digits])


def losses_of(digits, **training) -> dict[tuple[int, int], float]:
    """The loss of each batch that was reported, by epoch and batch."""
    events = [event for event in training_of(digits, **training).run() if isinstance(event, Progress | EpochFinished)]
    pairs = [
        ((event.epoch, batch), loss)
        for event in events
        for batch, loss in zip(event.loss_batches, event.losses, strict=True)
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_loss_of_every_batch_is_reported_once_however_often_reports_come(few_mnist, monkeypatch):
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)
    often = losses_of(few_mnist, epochs=2, batch_size=50)
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 1e9)

    assert list(often) == [(epoch, batch) for epoch in (1, 2) for batch in range(1, 6)]
    assert losses_of(few_mnist, epochs=2, batch_size=50) == often


def test_the_losses_of_an_epochs_batches_average_to_its_training_loss(few_mnist):
    training = training_of(few_mnist, epochs=1, batch_size=50)
    (epoch,) = epochs_in(training.run())
    losses = losses_of(few_mnist, epochs=1, batch_size=50).values()

    assert sum(losses) / len(losses) == pytest.approx(epoch.train_loss, rel=1e-6)


def test_a_long_run_keeps_every_so_many_losses(monkeypatch):
    monkeypatch.setattr(measures, "LOSSES_PER_RUN", 100)
    losses = BatchLosses(batches=1000)
    for batch in range(1, 1001):
        losses.add(batch, torch.tensor(float(batch)))
    taken = losses.take()

    assert taken["loss_batches"] == list(range(1, 1001, 10))
    assert taken["losses"] == [float(batch) for batch in range(1, 1001, 10)]
    assert losses.take() == {"losses": [], "loss_batches": []}


def test_weight_norms_are_those_of_each_layer(few_mnist):
    training = training_of(few_mnist, epochs=1, batch_size=125)
    (epoch,) = epochs_in(training.run())
    layer = training.network.fc3
    expected = math.sqrt(sum(values.square().sum().item() for values in (layer.weight, layer.bias)))

    assert list(epoch.weight_norms) == LAYERS
    assert epoch.weight_norms["fc3"] == pytest.approx(expected, rel=1e-5)


def test_gradient_norms_are_those_of_each_layer(few_mnist):
    """One batch an epoch, so that its gradient is still there to compare with."""
    training = training_of(few_mnist, epochs=1, batch_size=250)
    (epoch,) = epochs_in(training.run())
    layer = training.network.conv2
    expected = math.sqrt(sum(values.grad.square().sum().item() for values in (layer.weight, layer.bias)))

    assert list(epoch.gradient_norms) == LAYERS
    assert epoch.gradient_norms["conv2"] == pytest.approx(expected, rel=1e-5)


def test_the_confusion_matrix_counts_the_test_images_by_true_and_by_read_digit(few_mnist):
    training = training_of(few_mnist, epochs=1, batch_size=125)
    (epoch,) = epochs_in(training.run())
    labels = training.test.labels

    assert [sum(row) for row in epoch.confusion] == torch.bincount(labels, minlength=10).tolist()
    assert sum(epoch.confusion[digit][digit] for digit in range(10)) == round(epoch.test_accuracy * len(labels))


def test_a_digit_that_is_taken_for_another_stands_in_its_own_row():
    logits = torch.nn.functional.one_hot(torch.tensor([7, 7, 1]), 10).float()
    matrix = confusion(logits, torch.tensor([7, 1, 1]))

    assert (matrix[7][7], matrix[1][7], matrix[1][1], matrix[7][1]) == (1, 1, 1, 0)


def test_one_test_image_of_each_digit_is_watched(few_mnist):
    training = training_of(few_mnist, epochs=1, batch_size=125)
    (epoch,) = epochs_in(training.run())
    images, labels = training.test.watched_images()

    assert labels.tolist() == list(range(10))
    assert images.shape == (10, 10, 10)
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in epoch.watched)
    assert len(epoch.watched) == 10


def test_watched_images_are_shown_as_they_are_in_the_dataset(few_mnist):
    training = Training(run_config(), [few_mnist], [few_mnist])  # 28×28 already: nothing is resized
    images, labels = training.test.watched_images()
    theirs, their_labels = few_mnist.of("test")

    for image, label in zip(images.numpy(), labels.tolist(), strict=True):
        assert (image == theirs[their_labels == label][0]).all()


def test_a_digit_that_no_test_image_shows_is_not_watched():
    assert watched_places(torch.tensor([3, 9, 3])).tolist() == [0, 1]
