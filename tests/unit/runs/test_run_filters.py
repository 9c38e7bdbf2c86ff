"""A condition keeps the runs for which it is true, whoever wrote it: a control, a URL, a person."""

import pytest

from digits_core.config import DataConfig
from digits_core.errors import ConfigError
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.runs.run_filters import OFFERED_VALUES, matching, offers, parse
from digits_core.training.events import Finished
from tests.unit.helpers import run_config

ADAM, SGD, UNFINISHED = 0, 1, 2


@pytest.fixture
def runs(store):
    """Three: Adam on two datasets, SGD with a test set of another kind, and one that has no result yet."""
    both = DataConfig(train=("optdigits", "mnist-5k"))
    made = [
        store.create(run_config(both, batch_size=16, nesterov=True).replace(name="Two of them"), "me"),
        store.create(run_config(DataConfig(test=("mnist-5k",)), batch_size=64, optimizer="sgd"), "me"),
        store.create(run_config(batch_size=16, optimizer="sgd").replace(recipe="Lecture"), "me"),
    ]
    for run, accuracy in zip(made, (0.98, 0.91), strict=False):
        store.apply(run.id, Finished("finished", 4, 0.1, accuracy, 6.5))
    store.labels.tag([made[ADAM].id], ["good", "to show"])
    store.labels.tag([made[SGD].id], ["odd"])
    store.labels.write_note([made[SGD].id], "Overfits!")
    return [store.get(run.id) for run in made]


def kept(runs, *texts, search="") -> set[int]:
    found = matching(runs, [parse(text) for text in texts], search)
    return {runs.index(run) for run in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batch_size=16", {ADAM, UNFINISHED}),
        ("Batch size = 16", {ADAM, UNFINISHED}),
        ("batch_size!=16", {SGD}),
        ("batch size > 16", {SGD}),
        ("batch size ≤ 16", {ADAM, UNFINISHED}),
        ("accuracy>0.97", {ADAM}),
        ("accuracy <= 98 %", {ADAM, SGD}),
        ("seconds<7", {ADAM, SGD}),
        ("optimizer=SGD", {SGD, UNFINISHED}),
        ("nesterov=yes", {ADAM}),
        ("status=queued", {UNFINISHED}),
        ("train=mnist-5k", {ADAM}),
        ("trained on: mnist-5k", {ADAM}),
        ("train!=mnist-5k", {SGD, UNFINISHED}),
        ("tag=Good", {ADAM}),
        ("tag!=good", {SGD, UNFINISHED}),
        ("tag=", {UNFINISHED}),
        ("recipe=lecture", {UNFINISHED}),
        ("number>=2", {SGD, UNFINISHED}),
    ],
)
def test_a_condition_keeps_what_it_says(runs, text, expected):
    assert kept(runs, text) == expected


@pytest.mark.parametrize("text", ["batch_size=16", "accuracy>=97 %", "tag=to show", "train=a=b"])
def test_a_condition_in_a_url_is_the_one_that_was_typed(text):
    assert parse(parse(text).text) == parse(text)


def test_values_of_one_field_are_alternatives_and_fields_hold_together(runs):
    assert kept(runs, "tag=good", "tag=odd") == {ADAM, SGD}
    assert kept(runs, "tag=good", "tag=odd", "batch_size=64") == {SGD}
    assert kept(runs, "batch_size>=16", "batch_size<64") == {ADAM, UNFINISHED}


@pytest.mark.parametrize(
    ("words", "expected"),
    [("two THEM", {ADAM}), ("overfits", {SGD}), ("#3", {UNFINISHED}), ("mnist", {ADAM, SGD}), ("show zzz", set())],
)
def test_a_search_looks_for_each_word_in_all_that_a_run_is_called(runs, words, expected):
    assert kept(runs, search=words) == expected


@pytest.mark.parametrize(
    "text", ["", "lecture", "colour=red", "accuracy>", "accuracy>high", "batch_size=many", "optimizer>adam", "=5"]
)
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ConfigError):
        parse(text)


def test_what_is_offered_tells_the_runs_apart(runs):
    offered = [condition.text for condition in offers(runs, varying(runs))]

    assert {"batch_size=16", "batch_size=64", "tag=to show", "status=queued", "train=mnist-5k", "nesterov=on"} <= {
        *offered
    }
    assert not any(text.startswith(("epochs", "dropout")) for text in offered)
    for condition in offers(runs, varying(runs)):
        assert parse(condition.text) == condition
        assert 0 < len(matching(runs, [condition])) <= len(runs)


def test_values_without_number_are_not_offered_one_by_one(store):
    runs = [store.create(run_config(seed=seed), "me") for seed in range(OFFERED_VALUES + 1)]

    assert [condition.field for condition in offers(runs, varying(runs))] == []
    assert matching(runs, [parse("seed=3")]) == [runs[3]]
