"""The tables hold what the store says, as numbers where they are numbers."""

import pytest

from digits_core.config import DataConfig
from digits_core.dashboard.runs.filter_controls import in_order
from digits_core.dashboard.runs.frames import group_table, run_columns, run_table
from digits_core.evaluation.comparison.run_groups import group_by
from digits_core.training.events import Finished, Progress, Started
from tests.unit.helpers import run_config


@pytest.fixture
def runs(store):
    """A finished one with tags, one that trains, one that waits."""
    both = DataConfig(train=("optdigits", "mnist-5k"))
    made = [store.create(run_config(both, seed=seed).replace(name=f"run {seed}"), "me") for seed in range(3)]
    store.apply(made[0].id, Finished("finished", 4, 0.1, 0.98, 6.5))
    store.labels.tag([made[0].id], ["good", "to show"])
    store.apply(made[1].id, Started(4, 10, 10, {}))
    store.apply(made[1].id, Progress(2, 4, 45, 90, 0.5, 900.0, 0.001, 2.0))
    return [store.get(run.id) for run in made]


def test_a_row_says_what_a_run_is_and_what_came_out(runs):
    table = run_table(runs, {runs[0].id: [0.9, 0.98]}, ["seed"])
    row = table.iloc[0]

    assert (row["Run"], row["Accuracy"], row["Loss"], row["Time"]) == ("#1 run 0", 0.98, 0.1, 6.5)
    assert (row["Trained on"], row["Batch size"], row["Seed"]) == ("optdigits + mnist-5k", 16, 0)
    assert (row["Tags"], row["Learning"]) == (["good", "to show"], [0.9, 0.98])
    assert [status.split(maxsplit=1)[1] for status in table["Status"]] == ["finished", "running 38%", "queued"]


def test_settings_that_are_numbers_are_sorted_as_numbers(runs):
    table = run_table(runs, {}, ["seed", "dropout"])

    assert all(
        table[title].dtype.kind in "if" for title in ("Epochs", "Batch size", "Learning rate", "Seed", "Dropout")
    )


def test_an_empty_list_has_the_same_columns(runs):
    assert list(run_table([], {}, ["seed"]).columns) == list(run_table(runs, {}, ["seed"]).columns)


@pytest.mark.parametrize(("lowest", "floor"), [(0.95, 0.9), (0.85, 0.8), (0.6, 0.5), (0.1, 0.0), (None, 0.0)])
def test_small_curves_share_one_scale_that_holds_the_lowest(lowest, floor):
    columns = run_columns({"a": [lowest, 0.99] if lowest else [], "b": [0.97]} if lowest else {"a": []})

    assert columns["Learning"]["type_config"]["y_min"] == floor


def test_a_row_of_a_group_is_mean_and_deviation(store, runs):
    again = store.create(run_config(runs[0].config.data, seed=9), "me")
    store.apply(again.id, Finished("finished", 4, 0.2, 0.96, 7.5))
    table = group_table(group_by(store.runs(), "learning_rate"), "learning_rate")

    assert list(table["Learning rate"]) == ["0.001"]
    assert list(table["Runs"]) == [4]
    assert table["Accuracy"][0] == pytest.approx(97.0)
    assert table["± Accuracy"][0] == pytest.approx(2**0.5)
    assert list(table["Also differ in"]) == [""]


def test_runs_without_a_value_come_last_in_either_direction(runs):
    newest_first = runs[::-1]

    assert in_order(newest_first, "newest") == newest_first
    assert in_order(newest_first, "-accuracy") == in_order(newest_first, "test_loss") == [runs[0], runs[2], runs[1]]
    assert in_order(newest_first, "-number") == newest_first
    assert in_order(newest_first, "name") == runs
