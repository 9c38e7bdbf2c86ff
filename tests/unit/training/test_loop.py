"""The loop learns, says what it did, and does the same when asked the same."""

import io
import itertools

import pytest
import torch

from digits_core.config import DataConfig, RunConfig, TrainingConfig, TransformConfig, choices
from digits_core.data.digits import Digits
from digits_core.errors import ConfigError, DatasetError
from digits_core.training import loop, testing
from digits_core.training.events import EpochFinished, Event, Finished, Progress, Started
from digits_core.training.loop import Training, choose_device
from digits_core.training.testing import predict
from tests.unit.conftest import cut
from tests.unit.helpers import epochs_in, numbers, run_config

RATES = {"adam": 0.001, "adamw": 0.001, "sgd": 0.05, "rmsprop": 0.001, "adagrad": 0.01}
"""A learning rate that suits each optimizer on some hundred images."""
SMALL = TransformConfig(size=10)
"""An eighth of the work, for promises that do not depend on the size of the images."""
AUGMENTING = TransformConfig(size=10, centre=True, rotation=10, translation=1, scale=0.1, shear=5, stroke_width=0.5)


def training_of(config: RunConfig, digits: Digits) -> Training:
    return Training(config, [digits], [digits])


def events_of(config: RunConfig, digits: Digits) -> list[Event]:
    return list(training_of(config, digits).run())


def numbers_of(config: RunConfig, digits: Digits) -> list[tuple[float, ...]]:
    return [numbers(epoch) for epoch in epochs_in(events_of(config, digits))]


def kept_on_disk(checkpoint: dict) -> dict:
    """What a checkpoint is after it was written and read."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@pytest.fixture
def reports_each_batch(monkeypatch) -> None:
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)


def test_a_run_starts_goes_through_its_epochs_and_finishes(few_mnist):
    events = events_of(run_config(epochs=3), few_mnist)

    assert [event.kind for event in events if not isinstance(event, Progress)] == [
        "started",
        *["epoch"] * 3,
        "finished",
    ]
    assert [epoch.epoch for epoch in epochs_in(events)] == [1, 2, 3]


def test_the_start_says_what_is_trained_on_and_where(few_mnist):
    started = events_of(run_config(epochs=1), few_mnist)[0]

    assert isinstance(started, Started)
    assert (started.epochs, started.train_images, started.test_images) == (1, 250, 80)
    assert {"device", "threads", "torch", "python"} <= set(started.environment)


def test_the_end_repeats_the_figures_of_the_weights_that_are_kept(few_mnist):
    events = events_of(run_config(epochs=2), few_mnist)
    last_epoch, end = epochs_in(events)[-1], events[-1]

    assert (end.outcome, end.epochs_done) == ("finished", 2)
    assert (end.test_loss, end.test_accuracy) == (last_epoch.test_loss, last_epoch.test_accuracy)


def test_logits_are_those_of_the_test_images_in_their_order(few_mnist):
    training = training_of(run_config(epochs=2), few_mnist)
    end = list(training.run())[-1]
    right = training.test.logits.argmax(dim=1) == training.test.labels

    assert training.test.logits.shape == (80, 10)
    assert training.test.labels.tolist() == few_mnist.of("test")[1].tolist()
    assert right.double().mean().item() == end.test_accuracy


def test_both_sources_of_batches_train_alike_where_nothing_is_resized(few_mnist):
    fast, slow = (
        epochs_in(events_of(run_config(epochs=3, batches=source), few_mnist)) for source in ("tensors", "dataloader")
    )

    assert [epoch.train_loss for epoch in fast] == pytest.approx([epoch.train_loss for epoch in slow], rel=1e-3)


def test_the_lecture_reads_its_own_test_set_from_either_source_of_batches(optdigits):
    fast, slow = (
        events_of(run_config(epochs=2, batches=source), optdigits)[-1].test_accuracy
        for source in ("tensors", "dataloader")
    )

    assert fast > 0.9
    assert fast == pytest.approx(slow, abs=0.02)  # seven of 359 test images


@pytest.mark.parametrize("source", ["tensors", "dataloader"])
@pytest.mark.parametrize("transform", [SMALL, AUGMENTING], ids=["plain", "augmenting"])
def test_the_same_config_gives_the_same_numbers(few_mnist, source, transform):
    config = run_config(transform=transform, epochs=2, batches=source)
    first = numbers_of(config, few_mnist)
    torch.manual_seed(99)

    assert numbers_of(config, few_mnist) == first


def test_another_seed_gives_other_numbers(few_mnist):
    assert numbers_of(run_config(epochs=1, seed=1), few_mnist) != numbers_of(run_config(epochs=1, seed=2), few_mnist)


@pytest.mark.parametrize("schedule", choices(TrainingConfig, "schedule"))
@pytest.mark.parametrize("optimizer", choices(TrainingConfig, "optimizer"))
def test_a_run_goes_on_from_its_checkpoint_as_if_undisturbed(few_mnist, optimizer, schedule):
    config = run_config(
        transform=SMALL, epochs=3, optimizer=optimizer, schedule=schedule, learning_rate=RATES[optimizer], batch_size=32
    )
    undisturbed = numbers_of(config, few_mnist)
    first = training_of(config, few_mnist)
    next(event for event in first.run() if isinstance(event, EpochFinished))
    second = training_of(config, few_mnist)
    second.resume(kept_on_disk(first.checkpoint()))

    assert [numbers(epoch) for epoch in epochs_in(second.run())] == undisturbed[1:]


@pytest.mark.parametrize("precision", choices(TrainingConfig, "precision"))
def test_an_augmented_run_goes_on_as_if_undisturbed(few_mnist, precision):
    config = run_config(transform=AUGMENTING, epochs=3, batch_size=32, precision=precision)
    undisturbed = numbers_of(config, few_mnist)
    first = training_of(config, few_mnist)
    next(event for event in first.run() if event.kind == "epoch" and event.epoch == 2)
    second = training_of(config, few_mnist)
    second.resume(kept_on_disk(first.checkpoint()))

    assert [numbers(epoch) for epoch in epochs_in(second.run())] == undisturbed[2:]


def test_a_run_that_is_done_has_nothing_left_to_train(few_mnist):
    first = training_of(run_config(transform=SMALL, epochs=1), few_mnist)
    end = list(first.run())[-1]
    second = training_of(run_config(transform=SMALL, epochs=1), few_mnist)
    second.resume(kept_on_disk(first.checkpoint()))
    again = list(second.run())

    assert epochs_in(again) == []
    assert (again[-1].outcome, again[-1].test_accuracy) == ("finished", end.test_accuracy)


@pytest.mark.parametrize("optimizer", choices(TrainingConfig, "optimizer"))
def test_every_optimizer_lowers_the_training_loss(few_mnist, optimizer):
    config = run_config(transform=SMALL, epochs=5, optimizer=optimizer, learning_rate=RATES[optimizer], dropout=0)
    losses = [epoch.train_loss for epoch in epochs_in(events_of(config, few_mnist))]

    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("precision", choices(TrainingConfig, "precision"))
@pytest.mark.parametrize("loss", choices(TrainingConfig, "loss"))
def test_every_loss_is_lowered_by_training(few_mnist, loss, precision):
    config = run_config(transform=SMALL, epochs=5, loss=loss, precision=precision, dropout=0)
    losses = [epoch.train_loss for epoch in epochs_in(events_of(config, few_mnist))]

    assert losses[-1] < 0.8 * losses[0]


def test_half_precision_learns_what_full_precision_learns(few_mnist):
    full, half = (
        events_of(run_config(transform=SMALL, epochs=5, precision=precision), few_mnist)[-1].test_accuracy
        for precision in ("fp32", "bf16")
    )

    assert half == pytest.approx(full, abs=0.1)
    assert half > 0.5


DIVERGING = run_config(epochs=3, optimizer="sgd", loss="mse", learning_rate=100)


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_epoch(few_mnist):
    end = events_of(DIVERGING, few_mnist)[-1]

    assert isinstance(end, Finished)
    assert (end.outcome, end.epochs_done, end.test_accuracy) == ("diverged", 0, None)
    assert "in epoch 1" in end.message


def test_a_diverging_loss_ends_the_run_within_its_epoch(few_mnist, reports_each_batch):
    events = events_of(DIVERGING.replace(training=DIVERGING.training.replace(batch_size=1)), few_mnist)

    assert events[-1].outcome == "diverged"
    assert len(events) < 100


def test_a_run_that_diverges_later_names_that_epoch(few_mnist):
    # One batch an epoch: the first loss is a number, those after the first great step are not.
    config = DIVERGING.replace(training=DIVERGING.training.replace(batch_size=250, learning_rate=20, epochs=30))
    events = events_of(config, few_mnist)
    end = events[-1]

    assert (end.outcome, end.epochs_done) == ("diverged", len(epochs_in(events)))
    assert end.epochs_done >= 1
    assert f"in epoch {end.epochs_done + 1}" in end.message


def test_progress_counts_the_batches_of_its_epoch(few_mnist, reports_each_batch):
    progress = [
        event for event in events_of(run_config(epochs=2, batch_size=100), few_mnist) if event.kind == "progress"
    ]

    assert [(event.epoch, event.batch, event.batches) for event in progress] == [
        (epoch, batch, 3) for epoch in (1, 2) for batch in (1, 2, 3)
    ]


def test_the_last_partial_batch_counts_by_its_images(few_mnist, reports_each_batch):
    """249 images and one: a mean over batches would give the one as much weight as all others."""
    config = run_config(epochs=1, batch_size=249, learning_rate=1e-12, dropout=0)  # weights stay where they are
    (epoch,) = epochs_in(events_of(config, few_mnist))
    whole = run_config(epochs=1, batch_size=250, learning_rate=1e-12, dropout=0)
    (expected,) = epochs_in(events_of(whole, few_mnist))

    assert epoch.train_loss == pytest.approx(expected.train_loss, rel=1e-5)
    assert epoch.train_accuracy == expected.train_accuracy


def test_no_dropout_is_allowed(few_mnist):
    assert events_of(run_config(epochs=1, dropout=0), few_mnist)[-1].outcome == "finished"


@pytest.mark.parametrize("batch_size", [1, 250])
def test_the_smallest_and_the_largest_batch_are_allowed(few_mnist, batch_size):
    digits = cut(few_mnist, train=20, test=10) if batch_size == 1 else few_mnist

    assert events_of(run_config(epochs=1, batch_size=batch_size), digits)[-1].outcome == "finished"


def test_the_largest_seed_is_allowed(few_mnist):
    assert events_of(run_config(epochs=1, seed=2**31 - 1), few_mnist)[-1].outcome == "finished"


def test_a_batch_larger_than_the_data_is_refused(few_mnist):
    with pytest.raises(DatasetError, match="batch size 251 is larger"):
        training_of(run_config(batch_size=251), few_mnist)


def test_nothing_to_test_on_is_refused(few_mnist):
    with pytest.raises(DatasetError, match="no test images"):
        training_of(run_config(), cut(few_mnist, train=50, test=0))


def test_one_dataset_can_be_trained_on_and_another_tested_on(few_mnist, few_optdigits):
    config = run_config(data=DataConfig(train=("optdigits",), test=("mnist-5k", "optdigits")), epochs=1)
    started = next(Training(config, [few_optdigits], [few_mnist, few_optdigits]).run())

    assert (started.train_images, started.test_images) == (250, 160)


def test_training_leaves_the_images_as_they_were(few_mnist):
    before = few_mnist.images.copy(), few_mnist.labels.copy()
    events_of(run_config(transform=AUGMENTING, epochs=1), few_mnist)

    assert (few_mnist.images == before[0]).all()
    assert (few_mnist.labels == before[1]).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused_with_what_to_choose():
    assert choose_device("auto").type == "cpu"
    with pytest.raises(ConfigError, match="choose 'auto' or 'cpu'"):
        choose_device("cuda")


def test_a_clock_that_is_set_back_makes_no_time_negative(few_mnist, reports_each_batch, monkeypatch):
    clock = itertools.count(2_000_000_000, -3600)
    monkeypatch.setattr("time.time", lambda: next(clock))
    events = events_of(run_config(transform=SMALL, epochs=2, batch_size=125), few_mnist)

    assert all(epoch.seconds > 0 and epoch.images_per_second > 0 for epoch in epochs_in(events))
    assert sum(epoch.seconds for epoch in epochs_in(events)) <= events[-1].seconds < 3600


def test_the_first_report_comes_with_the_first_batch(few_mnist, monkeypatch):
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 1e9)
    events = events_of(run_config(transform=SMALL, epochs=2, batch_size=125), few_mnist)

    assert [event.kind for event in events] == ["started", "progress", "epoch", "epoch", "finished"]
    assert (events[1].epoch, events[1].batch) == (1, 1)


def test_the_test_set_is_asked_once_for_each_epoch(few_mnist, monkeypatch):
    asked = []
    monkeypatch.setattr(testing, "predict", lambda *arguments: asked.append(1) or predict(*arguments))
    events_of(run_config(transform=SMALL, epochs=3, batch_size=125), few_mnist)

    assert len(asked) == 3
