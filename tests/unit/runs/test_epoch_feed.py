"""The epochs of runs as pages follow them: each once, replaced when there are more."""

import pytest

from digits_core.runs.epoch_feed import Epoch, EpochFeed
from digits_core.training.events import EpochFinished, Started
from tests.unit.helpers import run_config


def train(store, run, epoch: int, seconds: float = 1.5) -> None:
    if epoch == 1:
        store.apply(run.id, Started(9, 100, 50, {}))
    store.apply(run.id, EpochFinished(epoch, 9, 1 / epoch, 0.5, 2 / epoch, 0.25, 0.001, 900.0, seconds))


@pytest.fixture
def make_run(store):
    return lambda **training: store.create(run_config(**training), "owner")


def test_epochs_hold_the_epochs_and_the_seconds_since_the_run_began(store, make_run):
    run = make_run()
    train(store, run, 1)
    train(store, run, 2, seconds=2.5)
    epochs = EpochFeed(store).of([run.id])[0]

    assert epochs.epoch.tolist() == [1, 2]
    assert epochs.seconds.tolist() == [1.5, 4.0]
    assert epochs.train_loss.tolist() == [1.0, 0.5]
    assert epochs.test_accuracy.tolist() == [0.25, 0.25]


def test_they_grow_by_what_is_new_and_stay_the_same_object_where_nothing_is(store, make_run):
    grows, rests = make_run(), make_run()
    train(store, grows, 1)
    train(store, rests, 1)
    known = EpochFeed(store)
    before = known.of([grows.id, rests.id])
    train(store, grows, 2)
    after = known.of([grows.id, rests.id])

    assert after[0].epoch.tolist() == [1, 2]
    assert before[0].epoch.tolist() == [1]
    assert after[1] is before[1]


def test_a_run_that_is_asked_for_later_has_all_its_epochs_once(store, make_run):
    early, late = make_run(), make_run()
    known = EpochFeed(store)
    known.of([early.id])
    train(store, late, 1)
    assert known.of([late.id])[0].epoch.tolist() == [1]
    train(store, late, 2)
    assert known.of([early.id, late.id])[1].epoch.tolist() == [1, 2]


def test_a_run_without_an_epoch_has_none(store, make_run):
    assert len(EpochFeed(store).of([make_run().id])[0]) == 0


def test_epochs_are_also_a_sequence_of_rows(store, make_run):
    run = make_run()
    train(store, run, 1)
    train(store, run, 2)
    (epochs,) = EpochFeed(store).of([run.id])
    first, second = Epoch(1, 1.5, 1.0, 0.5, 2.0, 0.25), Epoch(2, 3.0, 0.5, 0.5, 1.0, 0.25)

    assert list(epochs) == [first, second]
    assert epochs[-1] == second
    assert epochs[:1] == [first]
    assert all(type(value) in (int, float) for value in epochs[0])  # as JSON takes them
