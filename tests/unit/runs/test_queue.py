"""Runs wait in an order that is fair between those who queued them, and that can be changed."""

import pytest

from digits_core.errors import RunError
from digits_core.runs.queue import fair_place
from digits_core.runs.store import RunStore
from digits_core.training.control import Orders
from digits_core.training.events import EpochFinished, Failed, Finished, Paused, Resumed, Started
from tests.unit.helpers import run_config

STARTED = Started(4, 1438, 359, {})
EPOCH = EpochFinished(1, 4, 1.0, 0.8, 0.5, 0.9, 0.001, 1000.0, 1.5)
INTERRUPTED = "What it had learnt is kept."


def queue_up(store: RunStore, sessions: str) -> list[str]:
    """A run of each of these sessions, one letter each, in this order; returns the ids."""
    return [store.create(run_config(), "me", session).id for session in sessions]


def waiting(store: RunStore) -> str:
    return "".join(run.session for run in store.queue())


@pytest.mark.parametrize(
    ("training", "waiting", "new", "place"),
    [
        ("", "", "a", 0),
        ("", "aaa", "a", 3),
        ("", "aaa", "b", 1),
        ("a", "aa", "b", 0),
        ("a", "baa", "b", 2),
        ("ab", "ab", "c", 0),
        ("ab", "cab", "c", 3),
        ("bb", "a", "b", 1),
    ],
)
def test_nobody_has_a_second_turn_before_everybody_had_the_first(training, waiting, new, place):
    assert fair_place(waiting, training, new) == place


def test_runs_of_one_session_wait_in_the_order_of_their_submission(store):
    assert [run.id for run in store.queue()] == []
    ids = queue_up(store, "aaaa")

    assert [(run.id, run.position) for run in store.queue()] == [(each, place) for place, each in enumerate(ids, 1)]


def test_sessions_take_turns(store):
    queue_up(store, "aaaabbc")

    assert waiting(store) == "abcabaa"


def test_one_that_trains_has_had_its_turn(store):
    first, *_ = queue_up(store, "aaa")
    store.take(first)
    queue_up(store, "b")

    assert waiting(store) == "baa"


@pytest.mark.parametrize(
    ("which", "places", "order"),
    [(0, 1, [1, 0, 2]), (2, -1, [0, 2, 1]), (2, -9, [2, 0, 1]), (0, 9, [1, 2, 0]), (1, 0, [0, 1, 2])],
)
def test_a_waiting_run_can_be_moved(store, which, places, order):
    ids = queue_up(store, "abc")
    store.move(ids[which], places)

    assert [run.id for run in store.queue()] == [ids[place] for place in order]
    assert [run.position for run in store.queue()] == [1, 2, 3]


def test_moving_a_run_that_does_not_wait_changes_nothing(store):
    first, *others = queue_up(store, "abc")
    store.take(first)
    store.move(first, 2)

    assert [run.id for run in store.queue()] == others


def test_a_run_is_taken_to_train_once(store):
    first, second = queue_up(store, "ab")

    assert store.take(first)
    assert not store.take(first)
    assert [(run.id, run.position) for run in store.queue()] == [(second, 1)]
    assert (store.get(first).status, store.get(first).waits) == ("queued", False)


def test_a_cancelled_run_cannot_be_taken_and_a_taken_one_cannot_be_cancelled(store):
    first, second = queue_up(store, "ab")

    assert store.cancel(first)
    assert store.take(second)
    assert not store.take(first)
    assert not store.cancel(second)
    assert (store.get(first).status, store.get(first).message) == ("stopped", "Taken out of the queue.")


def test_a_run_of_the_shell_waits_for_nobody(store):
    run = store.create(run_config(), "me")

    assert (run.status, run.waits, store.queue()) == ("queued", False, [])


def test_wishes_gather_until_the_run_ends(store):
    (run,) = queue_up(store, "a")
    store.order(run, learning_rate=0.01)
    store.order(run, pause=True)

    assert store.get(run).orders == Orders(learning_rate=0.01, pause=True)
    store.apply(run, Failed("The disk is full."))
    with pytest.raises(RunError, match="has ended"):
        store.order(run, pause=False)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (Finished("stopped", 1, 0.5, 0.9, 2.0, "Stopped by hand.", 30), "stopped"),
        (Failed("The disk is full."), "failed"),
        (None, "interrupted"),
    ],
)
def test_what_ended_early_can_wait_again_under_a_new_owner(store, end, status):
    (run,) = queue_up(store, "a")
    store.take(run)
    store.order(run, learning_rate=0.01, stop=True)
    for event in (STARTED, EPOCH):
        store.apply(run, event)
    if end:
        store.apply(run, end)
    else:
        store.interrupt([run], INTERRUPTED)
    assert store.get(run).status == status
    again = store.requeue(run, "another")

    assert (again.status, again.owner, again.message, again.waits) == ("queued", "another", "", True)
    assert again.orders == Orders(learning_rate=0.01)
    assert [(change.what, change.epoch) for change in store.changes(run)][-1] == ("restarted", 2)
    assert len(store.epochs([run])[run]) == 1


@pytest.mark.parametrize("outcome", ["finished", "diverged"])
def test_what_came_to_its_end_cannot_be_resumed(store, outcome):
    (run,) = queue_up(store, "a")
    store.apply(run, STARTED)
    store.apply(run, Finished(outcome, 1, 0.5, 0.9, 2.0))

    with pytest.raises(RunError, match=f"is {outcome}: there is nothing to resume"):
        store.requeue(run, "another")


def test_of_two_who_resume_a_run_one_is_refused(store):
    (run,) = queue_up(store, "a")
    store.apply(run, Failed("The disk is full."))
    store.requeue(run, "one")

    with pytest.raises(RunError, match="is queued"):
        store.requeue(run, "other")
    assert store.get(run).owner == "one"


def test_a_paused_run_is_live_and_holds_its_turn_until_it_goes_on(store):
    run, _ = queue_up(store, "aa")
    store.take(run)
    for event in (STARTED, EPOCH, Paused(2, 30)):
        store.apply(run, event)
    assert (store.get(run).status, store.get(run).live) == ("paused", True)
    store.apply(run, Resumed(2, 30))

    assert store.get(run).status == "running"
    assert [(each.what, each.epoch, each.batch) for each in store.changes(run)] == [
        ("paused", 2, 30),
        ("resumed", 2, 30),
    ]


def test_a_run_that_made_room_is_the_next_to_train_when_it_goes_on(store):
    run, other = queue_up(store, "aa")
    store.take(run)
    for event in (STARTED, EPOCH, Paused(2, 30)):
        store.apply(run, event)
    store.order(run, pause=True, leave=True)
    store.apply(run, Paused(2, 30, left=True))
    store.requeue(run, "me", statuses=("paused",))
    # What its last task said when it left comes late, and is no new pause.
    store.apply(run, Paused(2, 30, left=True))

    assert [each.id for each in store.queue()] == [run, other]
    assert [(each.what, each.epoch, each.batch) for each in store.changes(run)] == [
        ("paused", 2, 30),
        ("resumed", 2, 0),
    ]
