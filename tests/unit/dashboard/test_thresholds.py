"""Thresholds in the background: nobody waits, failures are tried again, and a verdict does not come and go."""

import threading

import pytest

from digits_core.dashboard.thresholds import RETRY_S, RUNS, Threshold, Thresholds
from digits_core.errors import DatasetError

KEY = ("home", "a1b2c3d4", 1.0)
SECONDS = 30


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def thresholds(clock) -> Thresholds:
    return Thresholds(clock)


def failing(error: Exception):
    def work_out():
        raise error

    return work_out


def settled(thresholds: Thresholds, work_out, data: str = "1", key=KEY) -> Threshold:
    """What is known once everything that was begun has ended."""
    thresholds.get(key, data, work_out)
    assert thresholds.wait(key, SECONDS)
    return thresholds.get(key, data, unasked)


def unasked():
    raise AssertionError("it was worked out once more")


def test_nobody_waits_and_it_is_worked_out_once_for_all(thresholds):
    go_on, asked = threading.Event(), []

    def work_out():
        asked.append(1)
        assert go_on.wait(SECONDS)
        return "refusal"

    assert [thresholds.get(KEY, "1", work_out) for _ in range(3)] == [Threshold(None, pending=True)] * 3
    go_on.set()
    assert settled(thresholds, unasked) == Threshold("refusal")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [(DatasetError("There is no dataset."), "There is no dataset."), (KeyError("usual"), "the log of the app")],
)
def test_what_failed_is_said_and_tried_again_after_a_while(thresholds, clock, error, words):
    failed = settled(thresholds, failing(error))
    assert (failed.refusal, failed.pending) == (None, False)
    assert words in failed.problem

    clock.now = RETRY_S
    assert thresholds.get(KEY, "1", lambda: "refusal").pending
    assert thresholds.wait(KEY, SECONDS)
    assert thresholds.get(KEY, "1", unasked) == Threshold("refusal")


def test_what_failed_is_tried_again_at_once_when_the_data_are_others(thresholds):
    settled(thresholds, failing(DatasetError("The run has 12 test images.")))

    assert settled(thresholds, lambda: "refusal", data="2") == Threshold("refusal")


def test_while_one_is_worked_out_on_other_data_that_before_stays_in_use(thresholds):
    settled(thresholds, lambda: "before")
    go_on = threading.Event()

    def work_out():
        assert go_on.wait(SECONDS)
        return "after"

    assert thresholds.get(KEY, "2", work_out) == Threshold("before")
    go_on.set()
    assert thresholds.wait(KEY, SECONDS)
    assert thresholds.get(KEY, "2", unasked) == Threshold("after")


def test_those_of_many_runs_are_not_all_kept_in_memory(thresholds):
    keys = [("home", str(number), 1.0) for number in range(RUNS + 3)]
    for key in keys:
        settled(thresholds, lambda: "refusal", key=key)

    assert settled(thresholds, unasked, key=keys[-1]) == Threshold("refusal")
    assert thresholds.get(keys[0], "1", lambda: "again").pending
