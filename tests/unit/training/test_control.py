"""What a person orders is obeyed at once, noted where it took effect, and repeats to the same numbers."""

import io
import itertools
from collections.abc import Callable, Sequence

import pytest
import torch

from digits_core.config import RunConfig, TransformConfig
from digits_core.training import loop
from digits_core.training.control import Orders
from digits_core.training.events import Changed, EpochFinished, Event, Progress
from digits_core.training.loop import Training
from digits_core.training.testing import predict
from tests.unit.helpers import epochs_in, numbers, run_config

SMALL = TransformConfig(size=10)
NOTHING = Orders()


def config(epochs: int = 3, **training) -> RunConfig:
    """Eight batches an epoch."""
    return run_config(transform=SMALL, epochs=epochs, batch_size=32, **training)


@pytest.fixture
def training(few_mnist, monkeypatch) -> Callable[..., Training]:
    """Makes trainings that report each batch."""
    monkeypatch.setattr(loop, "PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr(loop, "PAUSE_INTERVAL_S", 0.0)
    return lambda config: Training(config, [few_mnist], [few_mnist])


def watch(
    training: Training, react: Callable[[Event], Orders | None] = lambda event: None, changes: Sequence[Changed] = ()
) -> list[Event]:
    """All events of a training, while a person answers some of them with orders."""
    orders, events = [NOTHING], []
    for event in training.run(lambda: orders[-1], changes):
        events.append(event)
        orders.append(react(event) or orders[-1])
    return events


def at(epoch: int, batch: int, orders: Orders) -> Callable[[Event], Orders | None]:
    """Give these orders when that batch is done."""
    return lambda event: (
        orders if isinstance(event, Progress) and (event.epoch, event.batch) == (epoch, batch) else None
    )


def numbers_in(events: list[Event]) -> list[tuple[float, ...]]:
    return [numbers(epoch) for epoch in epochs_in(events)]


def changes_in(events: list[Event]) -> list[Changed]:
    return [event for event in events if isinstance(event, Changed)]


def on_disk(training: Training) -> dict:
    buffer = io.BytesIO()
    torch.save(training.checkpoint(), buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def watch_with_checkpoints(training: Training, react: Callable[[Event], Orders | None]) -> tuple[list[Event], dict]:
    """The events, and the checkpoint after each epoch."""
    checkpoints = {}

    def note(event: Event) -> Orders | None:
        if isinstance(event, EpochFinished):
            checkpoints[event.epoch] = on_disk(training)
        return react(event)

    return watch(training, note), checkpoints


def test_orders_survive_json():
    orders = Orders(pause=True, epochs=5, learning_rate=0.01)

    assert Orders.from_json(orders.to_json()) == orders
    assert NOTHING.to_json() == "{}"


def test_a_stopped_run_keeps_what_it_learnt(training):
    stopped = training(config(50))
    before = predict(stopped.network, torch.zeros(1, 1, 10, 10))
    end = watch(stopped, at(2, 3, Orders(stop=True)))[-1]

    assert (end.kind, end.outcome, end.epochs_done, end.batch) == ("finished", "stopped", 1, 3)
    assert (stopped.test.logits.argmax(dim=1) == stopped.test.labels).double().mean().item() == end.test_accuracy
    assert not torch.equal(predict(stopped.network, torch.zeros(1, 1, 10, 10)), before)


def test_a_run_can_be_stopped_between_two_epochs(training):
    end = watch(training(config()), at(1, 8, Orders(stop=True)))[-1]

    assert (end.outcome, end.epochs_done, end.batch) == ("stopped", 1, 0)


def test_a_run_asked_to_stop_in_its_last_batch_is_finished(training):
    assert watch(training(config(1)), at(1, 8, Orders(stop=True)))[-1].outcome == "finished"


def test_a_run_that_is_stopped_before_its_first_batch_has_nothing_to_keep(training):
    events = list(training(config()).run(lambda: Orders(stop=True)))

    assert [event.kind for event in events] == ["started", "finished"]
    assert (events[-1].outcome, events[-1].test_accuracy) == ("stopped", None)


def test_a_pause_changes_no_number(training):
    undisturbed = watch(training(config()))

    def rest_and_go_on(event: Event) -> Orders | None:
        return NOTHING if event.kind == "paused" else at(2, 3, Orders(pause=True))(event)

    events = watch(training(config()), rest_and_go_on)
    kinds = [event.kind for event in events]

    assert numbers_in(events) == numbers_in(undisturbed)
    assert kinds[kinds.index("paused") + 1] == "resumed"
    assert [(event.epoch, event.batch) for event in events if event.kind in ("paused", "resumed")] == [(2, 3)] * 2


def test_a_paused_run_can_be_stopped(training):
    def rest_and_stop(event: Event) -> Orders | None:
        return Orders(stop=True, pause=True) if event.kind == "paused" else at(2, 3, Orders(pause=True))(event)

    events = watch(training(config()), rest_and_stop)

    assert [event.kind for event in events][-2:] == ["paused", "finished"]
    assert (events[-1].outcome, events[-1].epochs_done, events[-1].batch) == ("stopped", 1, 3)


def test_the_time_of_a_pause_does_not_count(training, monkeypatch):
    clock = itertools.count()
    late = [0]
    monkeypatch.setattr(loop.time, "perf_counter", lambda: next(clock) + late[0])

    def wait_long(event: Event) -> Orders | None:
        if event.kind == "paused":
            late[0] = 1_000_000
            return NOTHING
        return at(2, 3, Orders(pause=True))(event)

    assert watch(training(config()), wait_long)[-1].seconds < 1000


def test_a_run_that_makes_room_goes_on_from_its_checkpoint_to_the_same_numbers(training):
    undisturbed = watch(training(config()))

    def rest_and_leave(event: Event) -> Orders | None:
        return Orders(pause=True, leave=True) if event.kind == "paused" else at(2, 3, Orders(pause=True))(event)

    events, checkpoints = watch_with_checkpoints(training(config()), rest_and_leave)
    again = training(config())
    again.resume(checkpoints[1])

    assert [(event.kind, getattr(event, "left", None)) for event in events[-2:]] == [
        ("paused", False),
        ("paused", True),
    ]
    assert numbers_in(watch(again)) == numbers_in(undisturbed)[1:]


def test_a_changed_learning_rate_counts_from_the_batch_that_is_noted(training):
    events = watch(training(config()), at(2, 3, Orders(learning_rate=0.01)))
    rates = {(event.epoch, event.batch): event.learning_rate for event in events if isinstance(event, Progress)}

    assert changes_in(events) == [Changed("learning_rate", 0.01, 2, 3)]
    assert [rates[place] for place in ((1, 8), (2, 3), (2, 4), (3, 8))] == [0.001, 0.001, 0.01, 0.01]
    assert [epoch.learning_rate for epoch in epochs_in(events)] == [0.001, 0.01, 0.01]
    assert numbers_in(events)[1:] != numbers_in(watch(training(config())))[1:]


def test_a_second_change_replaces_the_first_and_the_same_order_again_changes_nothing(training):
    def react(event: Event) -> Orders | None:
        first, second = at(1, 2, Orders(learning_rate=0.01)), at(2, 5, Orders(learning_rate=0.0001))
        return first(event) or second(event) or at(3, 1, Orders(learning_rate=0.0001, epochs=3))(event)

    assert changes_in(watch(training(config()), react)) == [
        Changed("learning_rate", 0.01, 1, 2),
        Changed("learning_rate", 0.0001, 2, 5),
    ]


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_a_run_whose_learning_rate_was_changed_goes_on_to_the_same_numbers(training, schedule, after):
    """From the checkpoint before the change, which is then made again at its batch, and from the one after it."""
    expected, checkpoints = watch_with_checkpoints(
        training(config(schedule=schedule)), at(2, 3, Orders(learning_rate=0.01))
    )
    again = training(config(schedule=schedule))
    again.resume(checkpoints[after])
    # The order still stands when the training is taken up again, and must not be obeyed a second time.
    events = list(again.run(lambda: Orders(learning_rate=0.01), changes_in(expected)))

    assert numbers_in(events) == numbers_in(expected)[after:]
    assert changes_in(events) == (changes_in(expected) if after == 1 else [])


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_a_learning_rate_set_by_hand_ends_the_schedule(training, schedule):
    events = watch(training(config(schedule=schedule)), at(2, 3, Orders(learning_rate=0.002)))

    assert [epoch.learning_rate for epoch in epochs_in(events)][1:] == [0.002, 0.002]


def test_more_epochs_are_those_of_a_run_that_was_planned_so(training):
    events = watch(training(config(2)), at(2, 3, Orders(epochs=4)))

    assert changes_in(events) == [Changed("epochs", 4, 2, 3)]
    assert numbers_in(events) == numbers_in(watch(training(config(4))))
    assert [epoch.epochs for epoch in epochs_in(events)] == [2, 4, 4, 4]


def test_one_more_epoch_can_be_ordered_until_the_last_one_is_reported(training):
    def after_the_last(event: Event) -> Orders | None:
        return Orders(epochs=3) if isinstance(event, EpochFinished) and event.epoch == 2 else None

    events = watch(training(config(2)), after_the_last)

    assert [epoch.epoch for epoch in epochs_in(events)] == [1, 2, 3]
    assert changes_in(events) == [Changed("epochs", 3, 3, 0)]


def test_fewer_epochs_end_the_run_with_the_one_that_is_under_way(training):
    events = watch(training(config(5)), at(2, 3, Orders(epochs=1)))

    assert [epoch.epoch for epoch in epochs_in(events)] == [1, 2]
    assert (events[-1].outcome, events[-1].epochs_done) == ("finished", 2)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_schedule_ends_with_the_epochs_that_were_added_also_when_taken_up_again(training, schedule, after):
    expected, checkpoints = watch_with_checkpoints(training(config(2, schedule=schedule)), at(2, 3, Orders(epochs=4)))
    again = training(config(2, schedule=schedule))
    again.resume(checkpoints[after])
    planned = epochs_in(watch(training(config(4, schedule=schedule))))

    assert [epoch.learning_rate for epoch in epochs_in(expected)][1:] == [
        pytest.approx(epoch.learning_rate, abs=1e-12) for epoch in planned[1:]
    ]
    assert numbers_in(watch(again, changes=changes_in(expected))) == numbers_in(expected)[after:]


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_continuing_is_having_trained_on(training, optimizer):
    first, child = training(config(2, optimizer=optimizer)), training(config(4, optimizer=optimizer))
    watch(first)
    child.resume(on_disk(first), further=True)

    assert numbers_in(watch(child)) == numbers_in(watch(training(config(4, optimizer=optimizer))))[2:]


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_continuing_begins_a_schedule_anew_over_what_is_added(training, schedule):
    first, child = training(config(2, schedule=schedule)), training(config(4, schedule=schedule))
    watch(first)
    child.resume(on_disk(first), further=True)
    rates = [event.learning_rate for event in watch(child) if isinstance(event, Progress)]
    alone = [
        event.learning_rate for event in watch(training(config(2, schedule=schedule))) if isinstance(event, Progress)
    ]

    assert rates == pytest.approx(alone)
