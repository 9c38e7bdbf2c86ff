"""The settings of runs are those of their configs, read without building one."""

import json

from digits_core.config import DataConfig, TransformConfig
from digits_core.runs.settings import in_words, settings_of, value_in_words, varying
from digits_core.training.events import Changed, Started
from digits_core.training.fields import SECTION_OF, value_of
from tests.unit.helpers import run_config


def test_every_setting_of_a_run_is_that_of_its_config(store):
    config = run_config(
        DataConfig(train=("optdigits", "mnist-5k"), test_writers=("Ada",)), TransformConfig(rotation=12), seed=7
    )
    run = store.create(config, "me")

    assert dict(settings_of(run)) == {field: value_of(config, field) for field in SECTION_OF}


def test_epochs_that_were_added_count(store):
    run = store.create(run_config(epochs=4), "me")
    store.apply(run.id, Started(4, 10, 10, {}))
    store.apply(run.id, Changed("epochs", 6, 2, 30))

    assert settings_of(store.get(run.id))["epochs"] == 6


def test_a_run_that_is_older_than_a_setting_has_its_default(store, database):
    run = store.create(run_config(), "me")
    config = json.loads(run.config_json)
    del config["training"]["dropout"]
    with database.write() as db:
        db.execute("UPDATE runs SET config = ?", (json.dumps(config),))

    assert settings_of(store.get(run.id))["dropout"] == 0.3


def test_only_what_differs_varies_lowest_first(store):
    runs = [store.create(run_config(seed=seed, optimizer=name), "me") for seed, name in ((2, "sgd"), (0, "adam"))]

    assert varying(runs) == {"seed": [0, 2], "optimizer": ["adam", "sgd"]}
    assert varying(runs[:1]) == varying([]) == {}


def test_values_read_as_people_write_them():
    assert [value_in_words(value) for value in (True, ("a", "b"), (), 0.001, 28.0, "cross_entropy")] == [
        "yes", "a + b", "none", "0.001", "28", "cross entropy",
    ]  # fmt: skip
    assert (in_words("loss"), in_words("batch_size")) == ("loss function", "batch size")
