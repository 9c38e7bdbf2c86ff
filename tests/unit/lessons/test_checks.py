"""A check is met by what really happened in the store, and says what is left to do where it is not."""

import pytest

from digits_core.config import DataConfig, NetworkConfig, TransformConfig
from digits_core.errors import LessonError
from digits_core.lessons.checks import MOST_CHECKS, Evidence, read_check
from digits_core.training.events import Finished
from tests.unit.helpers import run_config

MNIST = DataConfig(train=("mnist-5k",), test=("mnist-5k",))
ON_28 = TransformConfig(size=28)


@pytest.fixture
def finish(store):
    """Makes a finished run."""

    def made(accuracy=0.96, seconds=5.0, network="improved", **training):
        config = run_config(MNIST, ON_28, **training)
        if network != "improved":
            config = config.replace(network=NetworkConfig(layers=network))
        run = store.create(config, "me")
        store.apply(run.id, Finished("finished", config.training.epochs, 0.1, accuracy, seconds))
        return store.get(run.id)

    return made


def judged(check, *runs, **more):
    return read_check(check).judge(Evidence(runs=runs, **more))


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({"epochs": 2}, True),
        ({"epochs": 3}, False),
        ({"epochs": [1, 2, 3]}, True),
        ({"dataset": "mnist-5k"}, True),
        ({"dataset": "optdigits"}, False),
        ({"optimizer": "SGD"}, True),
        ({"optimizer": ["adam", "adamw"]}, False),
        ({"nesterov": True}, True),
        ({"nesterov": False}, False),
        ({"test_accuracy": {"at_least": 0.96}}, True),
        ({"test_accuracy": {"at_least": "97 %"}}, False),
        ({"learning_rate": {"at_least": 0.01, "at_most": 0.1}}, True),
        ({"learning_rate": {"at_most": 0.01}}, False),
        ({"seconds": {"at_most": 4}}, False),
        ({"parameters": {"at_least": 816_650, "at_most": 816_650}}, True),
    ],
)
def test_a_run_meets_its_conditions_or_not(finish, conditions, met) -> None:
    run = finish(epochs=2, optimizer="sgd", nesterov=True, learning_rate=0.05)

    verdict = judged({"run": conditions}, run)

    assert verdict.met is met
    assert verdict.runs == ((run.id,) if met else ())
    assert bool(verdict.missing) is not met


def test_what_is_missing_is_said_of_the_closest_run(finish) -> None:
    check = {"run": {"epochs": 4, "optimizer": "adam", "test_accuracy": {"at_least": 0.97}}}

    assert "No run of yours" in judged(check).missing
    missing = judged(check, finish(0.5, epochs=1, optimizer="sgd"), finish(0.9612, epochs=4)).missing
    assert "accuracy" in missing
    assert "accuracy ≥ 97.00% (it has 96.12%)" in missing
    assert "optimizer" not in missing


def test_a_run_is_compared_with_that_of_an_earlier_step(finish) -> None:
    first, slower, faster = finish(0.96, 5.0), finish(0.97, 9.0), finish(0.95, 2.0)
    met_by = {"first": [first]}
    check = {"run": {"faster_than": "@first"}}

    assert judged(check, first, slower, met_by=met_by).met is False
    assert judged(check, first, slower, faster, met_by=met_by).runs == (faster.id,)
    assert "“Train it” comes first" in judged(check, faster, titles={"first": "Train it"}).missing
    assert judged({"run": {"better_than": "@first"}}, slower, faster, met_by=met_by).runs == (slower.id,)


def test_a_network_is_smaller_than_that_of_an_earlier_step(finish) -> None:
    large, small = finish(), finish(network="lenet")

    assert judged({"run": {"smaller_than": "@first"}}, small, large, met_by={"first": [large]}).runs == (small.id,)


def test_a_run_differs_from_another_only_where_it_may(finish) -> None:
    first, both, one = finish(), finish(optimizer="sgd", batch_size=32), finish(optimizer="sgd")
    met_by = {"first": [first]}
    only = {"run": {"differs_from": {"run": "@first", "only_in": ["optimizer"]}}}

    assert judged(only, both, met_by=met_by).met is False
    assert judged(only, both, one, met_by=met_by).runs == (one.id,)
    assert judged({"run": {"differs_from": "@first"}}, finish(), met_by=met_by).met is False


def test_several_runs_differ_in_one_setting(finish) -> None:
    check = {"runs": {"count": 3, "differ_in": "learning_rate", "where": {"epochs": 2}}}
    runs = [finish(epochs=2, learning_rate=rate) for rate in (0.001, 0.001, 0.01)]

    assert "there are 2" in judged(check, *runs).missing
    assert judged(check, *runs, finish(epochs=3, learning_rate=0.1)).met is False
    assert judged(check, *runs, finish(epochs=2, learning_rate=0.1, batch_size=8)).met is False
    last = finish(epochs=2, learning_rate=0.1)
    verdict = judged(check, *runs, last)
    assert verdict.met
    assert set(verdict.runs) == {runs[0].id, runs[2].id, last.id}


def test_digits_are_counted_and_the_missing_ones_named() -> None:
    check = {"handwriting": {"of_each": 1}}

    assert judged(check, labels=list(range(10))).met
    assert (
        judged(check, labels=[*range(8), 1, 1]).missing == "10 of 10 digits are collected. Still to be written: 8, 9."
    )
    assert judged({"handwriting": {"digits": 3}}, labels=[1, 1, 1]).met


def test_a_saved_network_is_small_enough() -> None:
    check = {"network": {"parameters": {"at_most": 100_000}}}

    assert "None is saved yet" in judged(check).missing
    assert "816,650" in judged(check, networks=[NetworkConfig()]).missing
    assert judged(check, networks=[NetworkConfig(), NetworkConfig(layers="lenet")]).met


def test_checks_are_put_together(finish) -> None:
    run = finish(epochs=2)
    yes, no = {"run": {"epochs": 2}}, {"handwriting": {"digits": 5}}

    assert judged({"any": [no, yes]}, run).runs == (run.id,)
    assert judged({"all": [no, yes]}, run).missing == "0 of 5 digits are collected."
    assert judged({"all": [yes, yes]}, run).met
    assert " Or: " in judged({"any": [no, no]}).missing


@pytest.mark.parametrize(
    "check",
    [
        None,
        {},
        [],
        "run",
        {"run": {}},
        {"run": {"epochs": 1}, "network": {"parameters": 1}},
        {"run": {"flavour": 1}},
        {"run": {1: 1}},
        {"run": {"epochs": {}}},
        {"run": {"epochs": {"above": 1}}},
        {"run": {"epochs": "many"}},
        {"run": {"optimizer": {"at_least": "sgd"}}},
        {"run": {"faster_than": "latest"}},
        {"run": {"faster_than": "@"}},
        {"run": {"differs_from": {"run": "@a", "only_in": []}}},
        {"run": {"differs_from": {"run": "@a", "only_in": ["accuracy"]}}},
        {"runs": {"count": 0, "differ_in": "epochs"}},
        {"runs": {"count": True, "differ_in": "epochs"}},
        {"runs": {"count": 2}},
        {"runs": {"count": 2, "differ_in": "epochs", "where": 3}},
        {"handwriting": {}},
        {"handwriting": {"digits": -1}},
        {"network": {}},
        {"network": {"layers": 3}},
        {"all": []},
        {"any": {"run": {"epochs": 1}}},
        {"all": [{"run": {"epochs": 1}}] * MOST_CHECKS},
        {"run": {"__class__": 1}},
        {"eval": "1"},
    ],
    ids=str,
)
def test_what_is_no_check_is_refused(check) -> None:
    with pytest.raises(LessonError):
        read_check(check)
