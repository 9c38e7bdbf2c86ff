"""Events travel between processes and come out the same."""

import json

import pytest

from digits_core.training.events import (
    KINDS,
    Changed,
    EpochFinished,
    Failed,
    Finished,
    Paused,
    Progress,
    Resumed,
    Started,
    from_dict,
)

EPOCH = EpochFinished(
    epoch=1,
    epochs=4,
    train_loss=0.890658,
    train_accuracy=0.7,
    test_loss=0.2,
    test_accuracy=0.95549,
    learning_rate=0.001,
    images_per_second=1000.0,
    seconds=1.5,
    losses=[2.3, 0.5],
    loss_batches=[1, 2],
    gradient_norms={"conv1": 0.2},
    weight_norms={"conv1": 2.5},
    confusion=[[36, 0], [1, 35]],
    watched=[[0.9, 0.1]],
)
EVENTS = [
    Started(4, 1438, 359, {"device": "cpu", "threads": 2}),
    Progress(2, 4, 30, 90, 0.5, 1000.0, 0.001, 2.5, [0.6, 0.4], [29, 30]),
    EPOCH,
    Paused(2, 30),
    Resumed(2, 30),
    Changed("learning_rate", 0.01, 2, 30),
    Finished("finished", 4, 0.1, 0.98, 6.0),
    Finished("stopped", 1, 0.1, 0.98, 2.0, "Stopped by hand.", batch=30),
    Finished("diverged", 0, None, None, 1.0, "The loss was no longer a number."),
    Failed("The disk is full."),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_survives_json(event):
    assert from_dict(json.loads(json.dumps(event.as_dict()))) == event


def test_every_kind_of_event_has_its_name():
    assert {type(event) for event in EVENTS} == set(KINDS.values())
    assert all(event.as_dict()["event"] == event.kind for event in EVENTS)


def test_an_epoch_prints_the_line_of_the_lecture():
    assert EPOCH.lecture_line() == "Epoch: 1/4, Loss: 0.890658, Accuracy: 95.55%"


@pytest.mark.parametrize(("epoch", "batch", "share"), [(1, 0, 0.0), (1, 45, 0.125), (2, 90, 0.5), (4, 90, 1.0)])
def test_progress_says_how_much_of_the_whole_is_done(epoch, batch, share):
    assert Progress(epoch, 4, batch, 90, 0.5, 1000.0, 0.001, 2.5).share == share
