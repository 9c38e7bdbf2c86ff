"""One real cluster for all tests that do not end it, and what they ask of processes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from digits_core.database import Database
from digits_core.engine import service
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import Run, RunStore
from tests.unit.helpers import numbers, wait_for


@dataclass
class Lab:
    """An engine with its store, and what tests ask about a run."""

    engine: Engine
    store: RunStore
    home: Home

    def wait_until(self, run: Run, *statuses: str) -> Run:
        return wait_for(lambda: self._if(run, statuses), what=f"run {run.id} being {' or '.join(statuses)}")

    def wait_for_epoch(self, run: Run, number: int) -> None:
        wait_for(lambda: len(self.epochs(run)) >= number, what=f"epoch {number}")

    def epochs(self, run: Run) -> list[tuple[float, ...]]:
        """The numbers of each epoch in the store, in the order in which they came."""
        return [numbers(row) for row in self.store.news(0).epochs if row.run == run.id]

    def _if(self, run: Run, statuses: tuple[str, ...]) -> Run | None:
        now = self.store.get(run.id)
        assert now.live or now.status in statuses, f"the run is {now.status}: {now.message}"
        return now if now.status in statuses else None


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """A cluster that trains one run at a time, whatever the machine."""
    home = Home(tmp_path_factory.mktemp("engine") / "home").create()
    database = Database(home.database)
    store = RunStore(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(service.SCHEDULER_VARIABLE, raising=False)
        patch.setattr(service, "parallel_runs", lambda: 1)
        engine = Engine(home, store)
        engine.warm_up()
        yield Lab(engine, store, home)
        engine.close()
    database.close()


def cluster_of(process: psutil.Process, folder: Path | None = None) -> psutil.Process | None:
    """The engine's child process, as soon as there is one; that of the home in `folder` where that is said."""
    for child in process.children():
        command = child.cmdline()
        if "digits_core.engine" in command and (folder is None or command[-1].startswith(str(folder))):
            return child
    return None


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; one that nobody has waited for yet has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(processes: list[psutil.Process]) -> None:
    wait_for(lambda: all(is_gone(process) for process in processes), 30, f"the end of {len(processes)} processes")
