"""A group says what its runs have in common, how far they lie apart, and in what they are not alike."""

import pytest

from digits_core.evaluation.comparison.run_groups import REPEATS, group_by, same_except, same_except_seed
from digits_core.evaluation.comparison.significance import Spread
from digits_core.training.events import Changed, Finished
from tests.unit.helpers import run_config


def train(store, accuracy: float | None = None, **training):
    run = store.create(run_config(**training), "me")
    if accuracy is not None:
        store.apply(run.id, Finished("finished", 4, 0.1, accuracy, 6.5))
    return store.get(run.id)


def test_runs_are_grouped_by_a_setting_lowest_first(store):
    runs = [train(store, 0.9, learning_rate=0.01), train(store, 0.96, seed=1), train(store, 0.98, seed=2), train(store)]
    low, high = group_by(runs, "learning_rate")

    assert (low.label, high.label) == ("0.001", "0.01")
    assert low.runs == tuple(runs[1:])
    assert low.spread("accuracy").mean == pytest.approx(0.97)
    assert low.spread("accuracy").count == 2
    assert high.spread("accuracy") == Spread(0.9, None, 1)


def test_a_group_names_the_other_settings_that_its_spread_holds(store):
    runs = [train(store, batch_size=16), train(store, batch_size=64, seed=1), train(store, learning_rate=0.01)]

    assert [group.differing for group in group_by(runs, "learning_rate")] == [("batch_size",), ()]


def test_repeats_differ_in_their_seed_alone(store):
    runs = [train(store, seed=0), train(store, seed=1), train(store, seed=0, batch_size=64)]
    repeated, single = group_by(runs, REPEATS)

    assert (repeated.runs, repeated.differing) == (tuple(runs[:2]), ())
    assert (repeated.label, single.label) == ("batch size 16", "batch size 64")


def test_a_run_is_in_the_group_of_each_of_its_tags(store):
    runs = [train(store), train(store), train(store)]
    store.labels.tag([runs[0].id], ["a", "b"])
    store.labels.tag([runs[1].id], ["b"])
    groups = {group.label: len(group.runs) for group in group_by(store.runs(), "tag")}

    assert groups == {"no tag": 1, "a": 1, "b": 2}


@pytest.mark.parametrize("field", [REPEATS, "learning_rate", "tag"])
def test_no_runs_make_no_groups(field):
    assert group_by([], field) == []


def test_runs_that_differ_by_seed_and_name_alone_are_one_group(store):
    first, again = train(store, seed=1), train(store, seed=2)
    other = train(store, seed=1, epochs=8)

    assert same_except_seed([first, other, again]) == [[first, again], [other]]


def test_a_run_whose_learning_rate_was_changed_by_hand_is_no_repeat_of_one_that_ran_as_set(store):
    run, changed = train(store, seed=1), train(store, seed=2)
    store.apply(changed.id, Changed("learning_rate", 0.01, 2, 0))
    changed = store.get(changed.id)

    assert same_except_seed([run, changed]) == [[run], [changed]]


def test_an_epoch_added_by_hand_makes_a_repeat_of_a_run_that_was_planned_so_long(store):
    planned, stretched = train(store, epochs=5), train(store, epochs=4)
    store.apply(stretched.id, Changed("epochs", 5, 2, 7))
    stretched = store.get(stretched.id)

    assert same_except_seed([planned, stretched]) == [[planned, stretched]]


def test_runs_are_grouped_by_all_settings_except_those_asked_for(store):
    first, rate, both = train(store), train(store, learning_rate=0.01), train(store, learning_rate=0.01, seed=5)

    assert same_except([first, rate, both], ["learning_rate"]) == [[first, rate], [both]]
    assert same_except([first, rate, both], ["learning_rate", "seed"]) == [[first, rate, both]]
