"""Which run is used where nobody named one: the best that was trained to its end, and no trial of a sweep."""

import pytest

from digits_core.errors import RunError
from digits_core.runs.preferred import DOUBTFUL, best_of, candidates, doubt_about
from digits_core.runs.rows import CHANGED_AFTERWARDS
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import EpochFinished, Finished, Started
from tests.unit.helpers import run_config


def trained(
    store: RunStore,
    accuracy: float,
    outcome: str = "finished",
    sweep: str = "",
    tests: int = 359,
    name: str = "",
    afterwards: str = "",
) -> Run:
    """A run with that accuracy on so many test images, in the store."""
    run = store.create(run_config().replace(name=name), "me", sweep=sweep)
    changed = {CHANGED_AFTERWARDS: afterwards} if afterwards else {}
    environment = {"device": "cpu", "images": {"train": 1438, "test": tests}, **changed}
    store.apply(run.id, Started(4, 1438, tests, environment))
    store.apply(run.id, EpochFinished(1, 4, 1.0, accuracy, 0.5, accuracy, 0.001, 1000.0, 1.5))
    store.apply(run.id, Finished(outcome, 1, 0.5, accuracy, 1.5))
    return store.get(run.id)


def test_a_newer_run_that_learnt_nothing_is_not_taken(store):
    good = trained(store, 0.97)
    trained(store, 0.1)

    assert best_of(store.usable()) == good


@pytest.mark.parametrize("other", [{"sweep": "a1b2"}, {"outcome": "stopped"}])
def test_trials_and_what_was_stopped_are_not_taken_however_good_they_are(store, other):
    finished = trained(store, 0.9)
    better = trained(store, 0.99, **other)

    assert best_of(store.usable()) == finished
    assert candidates(store.usable()) == [finished]
    assert best_of([better]) == better  # better than nothing


def test_a_run_whose_weights_were_changed_is_not_taken_although_it_is_newer(store):
    run = trained(store, 0.97)
    changed = trained(store, 0.97, afterwards="#1 Run: noise 0.2")

    assert changed.changed_afterwards
    assert best_of(store.usable()) == run
    assert best_of([changed]) == changed


def test_of_runs_that_are_as_good_as_equal_the_one_with_more_test_images_is_taken(store):
    robust = trained(store, 0.975, tests=1359)
    trained(store, 0.985, tests=359)

    assert best_of(store.usable()) == robust


def test_of_equal_runs_the_newest_is_taken(store):
    _old, new = trained(store, 0.975), trained(store, 0.97)

    assert best_of(store.usable()) == new


def test_without_a_run_there_is_no_best(store):
    store.create(run_config(), "me")

    assert best_of(store.runs()) is None
    with pytest.raises(RunError, match="Train one first"):
        store.find("best")


def test_best_is_a_name_for_it_and_latest_keeps_its_meaning(store):
    best, last = trained(store, 0.97), trained(store, 0.1, sweep="a1b2")

    assert store.find("best") == best
    assert store.find("latest") == last


def test_a_run_below_the_limit_is_doubted_with_its_accuracy(store):
    assert doubt_about(trained(store, DOUBTFUL)) == ""
    assert "#2 slow reads only 35% of its own test images" in doubt_about(trained(store, 0.35, name="slow"))
