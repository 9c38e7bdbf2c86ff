"""A curve in a cell goes through real epochs, from the first to the last."""

from itertools import pairwise

import pytest

from digits_core.runs.sparklines import POINTS
from digits_core.training.events import EpochFinished, Started
from tests.unit.helpers import run_config


def train(store, epochs: int) -> str:
    """A run whose accuracy is a thousandth of the epoch."""
    run = store.create(run_config(), "me")
    store.apply(run.id, Started(epochs, 10, 10, {}))
    for number in range(1, epochs + 1):
        store.apply(run.id, EpochFinished(number, epochs, 1.0, 0.5, 1.0, number / 1000, 0.001, 1000.0, 1.5))
    return run.id


@pytest.mark.parametrize("epochs", [0, 1, 2, POINTS - 1, POINTS])
def test_a_short_training_is_shown_whole(store, epochs):
    run = train(store, epochs)

    assert store.small_curves([run]) == {run: [number / 1000 for number in range(1, epochs + 1)]}


@pytest.mark.parametrize("epochs", [POINTS + 1, 3 * POINTS, 100])
def test_a_long_training_is_thinned_evenly_between_its_ends(store, epochs):
    run = train(store, epochs)
    shown = [round(1000 * accuracy) for accuracy in store.small_curves([run])[run]]
    steps = {after - before for before, after in pairwise(shown)}

    assert (len(shown), shown[0], shown[-1]) == (POINTS, 1, epochs)
    assert max(steps) - min(steps) <= 1


def test_each_run_has_its_own_curve(store):
    long, none, short = train(store, 30), train(store, 0), train(store, 2)
    curves = store.small_curves([long, none, short])

    assert {run: len(curve) for run, curve in curves.items()} == {long: POINTS, none: 0, short: 2}
    assert store.small_curves([]) == {}
