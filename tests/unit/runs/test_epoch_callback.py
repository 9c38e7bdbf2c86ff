"""The callback for loops in other hands, called in the order in which Keras calls its own."""

import math

import pytest

import digits_core as dl
from digits_core.errors import RunError
from digits_core.home import Home
from digits_core.runs.starter import open_database
from digits_core.runs.store import RunStore


@pytest.fixture
def kept(home) -> RunStore:
    return RunStore(open_database(Home(home).create()))


def fit(callback: dl.Callback, epochs: int, fails_in: int = -1) -> None:
    """A loop that calls every hook as Keras' `fit` does, with the names of its logs."""
    callback.set_params({"verbose": 0, "epochs": epochs, "steps": 2})
    callback.set_model(object())
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, {"loss": 9.0})
        if epoch == fails_in:
            raise ValueError("letters")
        callback.on_test_begin()
        callback.on_test_batch_begin(0)
        callback.on_test_batch_end(0, {"loss": 9.0})
        callback.on_test_end({"loss": 9.0})
        logs = {"loss": 1 / (epoch + 1), "accuracy": 0.5, "val_loss": 0.7, "val_accuracy": 0.4 * (epoch + 1)}
        callback.on_epoch_end(epoch, {**logs, "learning_rate": 0.01, "f1": 0.3})
    callback.on_train_end({"loss": 0.5})


def test_epochs_have_what_keras_measures(kept):
    callback = dl.Callback("My model", config={"optimizer": "Adam"}, tags=["keras"])
    fit(callback, 2)

    run = kept.get(callback.run.id)
    first, second = kept.epochs([run.id])[run.id]
    assert (run.name, run.status, run.tags, run.planned_epochs) == ("My model", "finished", ("keras",), 2)
    assert (first.epoch, first.train_loss, first.train_accuracy, first.test_loss) == (1, 1.0, 0.5, 0.7)
    assert (second.epoch, second.test_accuracy, second.learning_rate) == (2, 0.8, 0.01)
    assert kept.logged.metric_names(run.id) == ["f1"]
    assert run.logged_config == {"optimizer": "Adam", "epochs": 2}


def test_each_training_is_a_run(kept):
    callback = dl.Callback()
    fit(callback, 1)
    first = callback.run.id
    fit(callback, 1)
    assert [kept.get(run).status for run in (first, callback.run.id)] == ["finished", "finished"]
    assert first != callback.run.id


def test_a_training_that_an_error_ended_is_interrupted_when_the_next_one_begins(kept):
    callback = dl.Callback()
    with pytest.raises(ValueError, match="letters"):
        fit(callback, 2, fails_in=1)
    broken = callback.run.id
    assert kept.get(broken).progress == 0.5
    fit(callback, 1)
    assert kept.get(broken).status == "interrupted"


def test_an_epoch_without_a_training_is_refused(kept):
    with pytest.raises(RunError, match="call on_train_begin first"):
        dl.Callback().on_epoch_end(0, {"loss": math.pi})


def test_a_hook_that_it_does_not_know_is_its_own_mistake():
    with pytest.raises(AttributeError):
        dl.Callback().on_lunch_end()
