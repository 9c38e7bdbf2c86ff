"""Whatever is killed, and whenever: nothing is lost, nothing is there twice, and the numbers stay the same.

Two seeds by default; more of them: `python -m tests tests/unit/engine/test_kills.py --kill-seeds 50`.
"""

from collections.abc import Iterator

import pytest

from digits_core.engine import connection
from tests.unit.engine.conftest import config, reference
from tests.unit.engine.kills import EPOCHS, RUNS, Killing, check, left_overs
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
