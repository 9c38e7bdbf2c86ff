"""Whether a run has weights is said truthfully, whenever its training ends."""

import sqlite3
from contextlib import closing
from itertools import takewhile

import pytest

from digits_core.data.builtin import read_optdigits
from digits_core.database import MIGRATIONS, Database
from digits_core.errors import RunError
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.store import RunStore
from digits_core.training.events import Progress
from tests.unit.conftest import database, store  # noqa: F401 - fixtures
from tests.unit.engine.conftest import config


def load(name):
    return read_optdigits()


def test_a_run_that_continues_another_and_is_interrupted_at_once_has_no_weights_of_its_own(home, store):  # noqa: F811
    folder = Home(home)
    parent = store.create(config(2), "me")
    for event in execute(config(2), load, Artifacts(folder.run(parent.id))):
        store.apply(parent.id, event)
    child = store.create(config(4), "me", parent=parent.id)
    own = Artifacts(folder.run(child.id))
    own.start_from(Artifacts(folder.run(parent.id)), 2)
    for event in takewhile(lambda each: not isinstance(each, Progress), execute(config(4), load, own)):
        store.apply(child.id, event)
    store.interrupt([child.id], "The app ended.")
    child = store.get(child.id)

    with pytest.raises(RunError, match="no weights"):
        own.load_weights()
    assert len(store.epochs([child.id])[child.id]) == 2
    assert [run.id for run in store.usable()] == [parent.id]
    assert (child.weights, child.test_accuracy) == (None, None)


def test_the_runs_of_an_older_home_keep_their_weights(home):
    """One that was trained has them; one that failed before its first epoch has none."""
    before = next(place for place, script in enumerate(MIGRATIONS) if "ADD COLUMN weights" in script)
    path = Home(home).create().database
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for script in MIGRATIONS[:before]:
            old.executescript(script)
        old.execute(f"PRAGMA user_version = {before}")
        for number, (status, accuracy) in enumerate([("finished", 0.9), ("failed", None)], start=1):
            old.execute(
                "INSERT INTO runs (id, number, name, recipe, status, config, owner, created, test_accuracy) "
                "VALUES (?, ?, 'old', '', ?, ?, 'me', 0, ?)",
                (f"run{number}", number, status, config(1).to_json(), accuracy),
            )
        old.execute(
            "INSERT INTO epochs (run, epoch, train_loss, train_accuracy, test_loss, test_accuracy, learning_rate, "
            "images_per_second, seconds) VALUES ('run1', 1, 1, 1, 1, 0.9, 1, 1, 1)"
        )
    opened = Database(path)
    runs = RunStore(opened)

    assert [(run.id, run.weights) for run in runs.usable()] == [("run1", 1)]
    assert runs.get("run2").weights is None
    opened.close()
