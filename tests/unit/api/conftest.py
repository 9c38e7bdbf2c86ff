"""A home with runs that notebooks can ask about: Starter, one that was trained there, and one that was logged."""

from pathlib import Path

import pytest

import digits_core as dl
from digits_core.api.stored_runs import StoredRun
from digits_core.runs.starter import SWITCH


@pytest.fixture(autouse=True)
def _begins_with_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for people: the other tests begin with an empty home."""
    monkeypatch.delenv(SWITCH)


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with Starter, a run of two epochs that `train` made, and a logged loop, in that order."""
    folder = tmp_path_factory.mktemp("filled") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(folder))
        patch.delenv(SWITCH, raising=False)
        dl.train(epochs=2, batch_size=64, learning_rate=0.004, centre=True, name="Mine <b>")
        with dl.init("Loop <i>", config={"lr": 0.1, "epochs": 2}) as run:
            for epoch in (1, 2):
                run.log({"test/accuracy": 0.4 * epoch, "margin": epoch}, step=epoch)
    return folder


@pytest.fixture
def filled(filled_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIGITS_HOME", str(filled_home))
    return filled_home


@pytest.fixture
def trained(filled: Path) -> StoredRun:
    return dl.run(dl.runs().query("number == 2").index[0])


@pytest.fixture
def logged(filled: Path) -> StoredRun:
    return dl.run(dl.runs().query("number == 3").index[0])
