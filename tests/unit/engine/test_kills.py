"""Whatever is killed, and whenever: nothing is lost, nothing is there twice, and the numbers stay the same.

Two seeds by default; more of them: `python -m tests tests/unit/engine/test_kills.py --kill-seeds 50`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from digits_core.database import Database
from digits_core.engine import connection
from digits_core.home import Home
from digits_core.runs.process_owner import is_alive
from digits_core.runs.store import RunStore
from tests.unit.engine.conftest import config, reference
from tests.unit.engine.kills import EPOCHS, ROOT, RUNS, Killing, check, left_overs
from tests.unit.helpers import numbers


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("kill_seeds")))


@pytest.fixture(scope="module")
def undisturbed() -> list[list[tuple[float, ...]]]:
    """The numbers of each run, trained in this process."""
    return [reference(config(EPOCHS, seed=seed)) for seed in range(RUNS)]


@pytest.fixture
def killing(tmp_path, monkeypatch, seed) -> Iterator[Killing]:
    monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
    begun = Killing(tmp_path / "Zuhause von Jörg & Ännchen", seed)
    yield begun
    begun.close()


def test_runs_end_with_the_same_numbers_whatever_is_killed_at_whatever_moment(killing: Killing, undisturbed):
    for victim in killing.victims():
        killing.kill(victim)
        check(killing.home, killing.store)
    killing.finish()
    check(killing.home, killing.store)
    runs = sorted(killing.store.runs(), key=lambda run: run.number)

    assert [run.status for run in runs] == ["finished"] * RUNS
    assert [[numbers(row) for row in killing.store.epochs([run.id])[run.id]] for run in runs] == undisturbed
    assert list(left_overs(killing.home)) == []


def test_a_run_of_the_shell_that_is_killed_shows_as_interrupted_with_all_that_it_said(tmp_path):
    home = Home(tmp_path / "Zuhause").create()
    shell = subprocess.Popen(
        [sys.executable, "-m", "digits_core", "train", "--epochs", "1000", "--batch-size", "128", "--json"],
        cwd=ROOT,
        env=os.environ | {"DIGITS_HOME": str(home.folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    said = [json.loads(shell.stdout.readline()) for _ in range(2)]
    shell.kill()
    said += [json.loads(line) for line in shell.communicate()[0].splitlines()]
    database = Database(home.database)
    store = RunStore(database)
    (run,) = store.interrupt_orphans(is_alive)
    check(home, store)
    accuracies = [row.test_accuracy for row in store.epochs([run.id])[run.id]]

    assert run.status == "interrupted"
    assert [each["test_accuracy"] for each in said] == accuracies[: len(said)]
    assert len(accuracies) >= 2
    database.close()
