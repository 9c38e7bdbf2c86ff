"""Runs differ in the settings that are not the same in all of them."""

import json
from dataclasses import replace

from digits_core.evaluation.comparison.differing_settings import (
    differing_and_common,
    not_known_equal,
    own_varying,
    varying,
)
from tests.unit.helpers import run_config


def logged(store, config: dict):
    """A run of a loop of one's own that said this of its settings."""
    run = store.create(run_config(), "me")
    return replace(run, origin="own loop", epochs=0, logged_config_json=json.dumps(config))


def test_only_what_differs_varies_lowest_first(store):
    runs = [store.create(run_config(seed=seed, optimizer=name), "me") for seed, name in ((2, "sgd"), (0, "adam"))]

    assert varying(runs) == {"seed": [0, 2], "optimizer": ["adam", "sgd"]}
    assert varying(runs[:1]) == varying([]) == {}


def test_a_run_that_does_not_say_a_setting_is_not_known_to_have_the_same(store):
    run, other = store.create(run_config(seed=3, epochs=2), "me"), store.create(run_config(seed=4, epochs=2), "me")
    silent = logged(store, {"seed": 3})

    assert not_known_equal(run, other) == {"seed"}
    assert {"learning_rate", "optimizer"} <= not_known_equal(run, silent)
    assert "seed" not in not_known_equal(run, silent)
    assert "learning_rate" not in varying([run, silent])


def test_settings_that_differ_have_a_value_for_each_run_and_those_in_common_have_one(store):
    run = store.create(run_config(seed=3, epochs=2), "me")
    first, second = (logged(store, {"seed": 3, "lr": rate, "heads": heads}) for rate, heads in ((0.1, 4), (0.2, 8)))

    different, common = differing_and_common([run, first, second])

    assert own_varying([run, first, second]) == ["heads"]
    assert different == {"learning_rate": [0.001, 0.1, 0.2], "heads": [None, 4, 8]}
    assert common["seed"] == 3
    assert common["batch_size"] == run.config.training.batch_size, "what logged runs do not say differs from nothing"
