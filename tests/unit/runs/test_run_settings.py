"""The settings of runs are those of their configs, read without building one."""

import json
import sqlite3

from digits_core.config import DataConfig, TransformConfig
from digits_core.database import Database
from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.home import Home
from digits_core.migrations import MIGRATIONS
from digits_core.runs.rows import CHANGED_AFTERWARDS
from digits_core.runs.run_settings import CHANGES, NONE, settings_of
from digits_core.runs.store import RunStore
from digits_core.settings import by_name
from digits_core.training.config_fields import SECTION_OF, value_of
from digits_core.training.events import Changed, Started
from tests.unit.helpers import run_config


def test_every_setting_of_a_run_is_that_of_its_config(store):
    config = run_config(
        DataConfig(train=("optdigits", "mnist-5k"), test_writers=("Ada",)), TransformConfig(rotation=12), seed=7
    )
    run = store.create(config, "me")

    expected = {field: by_name(field, value_of(config, field)) for field in SECTION_OF}
    assert dict(settings_of(run)) == expected | {CHANGES: NONE}
    assert settings_of(run)["layers"] == "improved-net"


def test_epochs_that_were_added_count(store):
    run = store.create(run_config(epochs=4), "me")
    store.apply(run.id, Started(4, 10, 10, {}))
    store.apply(run.id, Changed("epochs", 6, 2, 30))

    run = store.get(run.id)
    assert (settings_of(run)["epochs"], run.plan.training.epochs, run.config.training.epochs) == (6, 6, 4)
    assert settings_of(run)[CHANGES] == NONE, "with a constant learning rate, six epochs are six epochs"


def test_a_learning_rate_that_was_changed_by_hand_is_marked(store):
    run = store.create(run_config(), "me")
    for change in (Changed("learning_rate", 0.01, 3, 0), Changed("learning_rate", 0.0001, 4, 11)):
        store.apply(run.id, change)
        store.apply(run.id, change)  # a training that goes on from its checkpoint makes its changes again

    run = store.get(run.id)
    assert settings_of(run)["learning_rate"] == 0.001
    assert settings_of(run)[CHANGES] == "learning rate 0.01 from epoch 3; learning rate 0.0001 from batch 12 of epoch 4"
    assert varying([run, store.create(run_config(), "me")])[CHANGES] == sorted([NONE, settings_of(run)[CHANGES]])


def test_a_schedule_that_was_stretched_or_begun_anew_is_marked(store):
    run = store.create(run_config(schedule="cosine"), "me")
    store.apply(run.id, Changed("epochs", 5, 2, 0))
    child = store.create(run_config(schedule="cosine", epochs=9), "me", parent=run.id)

    assert settings_of(store.get(run.id))[CHANGES] == "epochs 5 from epoch 2"
    assert settings_of(child)[CHANGES] == "continued, with its schedule begun anew"


def test_an_older_home_learns_what_was_changed_by_hand(home):
    older = next(place for place, script in enumerate(MIGRATIONS) if "by_hand" in script)
    path = Home(home).create().database
    connection = sqlite3.connect(path)
    for script in MIGRATIONS[:older]:
        connection.executescript(script)
    for name in ("changed", "as set"):
        connection.execute(
            "INSERT INTO runs (id, number, name, recipe, status, config, owner, created) "
            "VALUES (?, (SELECT count(*) + 1 FROM runs), ?, '', 'finished', ?, 'me', 0)",
            (name, name, run_config().to_json()),
        )
    for what, value in (("paused", None), ("learning_rate", 0.01), ("epochs", 6.0)):
        connection.execute("INSERT INTO changes VALUES (NULL, 'changed', ?, ?, 3, 0, 0)", (what, value))
    connection.execute(f"PRAGMA user_version = {older}")
    connection.commit()
    connection.close()

    database = Database(path)
    runs = RunStore(database).runs()
    database.close()
    assert [settings_of(run)[CHANGES] for run in runs] == [NONE, "learning rate 0.01 from epoch 3"]


def test_a_run_whose_weights_were_changed_afterwards_is_marked_and_is_no_repeat_of_the_original(store):
    original = store.create(run_config(), "me")
    changed = store.create(run_config(), "me")
    store.apply(changed.id, Started(4, 1438, 359, {CHANGED_AFTERWARDS: "#1 Run: noise 0.2"}))

    runs = [store.get(original.id), store.get(changed.id)]
    assert settings_of(runs[1])[CHANGES] == "weights changed after training (#1 Run: noise 0.2)"
    assert list(varying(runs)) == [CHANGES]


def test_a_run_that_is_older_than_a_setting_has_its_default(store, database):
    run = store.create(run_config(), "me")
    config = json.loads(run.config_json)
    del config["training"]["dropout"]
    with database.write() as db:
        db.execute("UPDATE runs SET config = ?", (json.dumps(config),))

    assert settings_of(store.get(run.id))["dropout"] == 0.3
