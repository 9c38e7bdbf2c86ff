"""What the app does when it starts."""

import json
import subprocess
import sys

import pytest

from digits_core.config import RunConfig
from digits_core.dashboard.state import start, state
from digits_core.database import MIGRATIONS, Database
from digits_core.errors import StoreError
from digits_core.home import Home
from digits_core.runs.process_owner import this_process
from digits_core.runs.store import RunStore


def test_runs_of_an_app_that_is_gone_show_as_interrupted(home):
    store = RunStore(Database(Home(home).create().database))
    machine = this_process().split(":")[0]
    gone, own = store.create(RunConfig(), f"{machine}:1:0.00"), store.create(RunConfig(), this_process())
    start()
    assert state().runs.get(gone.id).status == "interrupted"
    assert state().runs.get(own.id).status == "queued"


def test_a_database_of_a_newer_version_does_not_keep_the_server_from_saying_so(home):
    database = Database(Home(home).create().database)
    with database.write() as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    start()
    with pytest.raises(StoreError, match="newer Digits Lab"):
        state()


LOADED = """
import json, sys, threading
from digits_core.dashboard import state

state.prepare_to_recognise()
begun = len(state._LOADERS)
for loader in state._LOADERS:
    loader.join()
print(json.dumps([begun, state.RECOGNISER in sys.modules]))
state.stop()
"""


@pytest.mark.parametrize(("starter", "loaded"), [("on", [1, True]), ("off", [0, False])])
def test_torch_is_loaded_before_somebody_recognises_if_there_is_a_network(home, monkeypatch, starter, loaded):
    monkeypatch.setenv("DIGITS_STARTER", starter)

    answer = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)

    assert json.loads(answer.stdout) == loaded


PUT_OFF = """
import json, sys
from digits_core.dashboard import state

state.prepare_to_recognise()
state.put_off_loading()
for loader in state._LOADERS:
    loader.join()
before = state.RECOGNISER in sys.modules
state.prepare_to_recognise()
for loader in state._LOADERS:
    loader.join()
print(json.dumps([before, state.recogniser_is_here()]))
state.stop()
"""


def test_a_page_that_begins_to_be_drawn_puts_off_the_loading_of_torch_until_it_is_there(home, monkeypatch):
    monkeypatch.setenv("DIGITS_STARTER", "on")

    answer = subprocess.run([sys.executable, "-c", PUT_OFF], capture_output=True, text=True, check=True)

    assert json.loads(answer.stdout) == [False, True]


def test_a_page_that_has_imported_torch_alone_does_not_keep_the_rest_from_being_loaded(home, monkeypatch):
    """As Network does, which shows the layers and recognises nothing."""
    monkeypatch.setenv("DIGITS_STARTER", "on")

    answer = subprocess.run(
        [sys.executable, "-c", f"import torch\n{LOADED}"], capture_output=True, text=True, check=True
    )

    assert json.loads(answer.stdout) == [1, True]
