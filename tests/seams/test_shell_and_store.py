"""A training in the shell outlasts a store that cannot be written for a while: busy, or on a full disk."""

import io
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from digits_core import database as database_module
from digits_core.__main__ import main
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs import retrying
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from tests.unit.helpers import fill, wait_for

COMMANDS = [["train", "--epochs", "2"], ["sweep", "--vary", "epochs=1,2"]]
QUICK = ["--batch-size", "256"]


class Said(io.StringIO):
    """Standard error, and whether it says that the store is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()

    def write(self, text: str) -> int:
        if "Waiting until it can be written" in text:
            self.waiting.set()
        return super().write(text)


def shell(monkeypatch: pytest.MonkeyPatch, home: Path, command: list[str], hurt: Callable) -> tuple[int, str]:
    """Run a command; after its first epoch the store is `hurt` until it says that it waits. Its status, and errors."""
    said = Said()
    monkeypatch.setenv("DIGITS_HOME", str(home))
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setattr(retrying, "RETRY_S", 0.05)
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.05)
    database = Database(Home(home).create().database)

    def meanwhile() -> None:
        wait_for(lambda: RunStore(database).news(0).epochs, 120, "the first epoch")
        with hurt(database):
            said.waiting.wait(120)

    thread = threading.Thread(target=meanwhile)
    thread.start()
    status = main(command)
    thread.join()
    database.close()
    return status, said.getvalue()


def locked(database: Database) -> AbstractContextManager:
    """As by an app that starts on the same home, on a slow disk."""
    return database.write()


@contextmanager
def full(database: Database):
    """Its checkpoints lie on the same disk."""
    filler = database.path.parent / "filler"
    fill(filler)
    yield
    filler.unlink()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_training_waits_for_a_database_that_is_busy(home, monkeypatch, command):
    status, said = shell(monkeypatch, home, [*command, *QUICK], locked)
    database = Database(Home(home).database)
    store = RunStore(database)
    runs, sweeps = store.runs(), SweepStore(database).sweeps()
    epochs = store.epochs([run.id for run in runs])
    database.close()

    assert status == 0
    assert said.count("database is locked") == said.count("\n") == 1
    assert {each.status for each in [*runs, *sweeps]} == {"finished"}
    for run in runs:
        assert [row.epoch for row in epochs[run.id]] == list(range(1, run.planned_epochs + 1))


def test_on_a_full_disk_nothing_is_lost_and_the_run_is_not_left_as_one_that_trains(small_disk, monkeypatch):
    """Which is written first, the checkpoint or the row of an epoch, decides whether the run fails or goes on."""
    home = Home(small_disk / "home")
    status, said = shell(monkeypatch, home.folder, ["train", "--epochs", "3", *QUICK], full)
    database = Database(home.database)
    (run,) = RunStore(database).runs()
    epochs = [row.epoch for row in RunStore(database).epochs([run.id])[run.id]]
    database.close()

    assert "disk is full" in said
    assert (status, run.status) in [(0, "finished"), (1, "failed")]
    assert ("No space left on device" in run.message) == (run.status == "failed")
    assert epochs == list(range(1, len(epochs) + 1))
    assert Artifacts(home.run(run.id)).load_checkpoint()["training"]["epochs_done"] == len(epochs)
