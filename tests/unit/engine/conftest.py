"""One real cluster for all tests that do not end it, and what they ask of processes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch

from digits_core.config import RunConfig, TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.database import Database
from digits_core.engine import connection
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import Changed
from digits_core.training.loop import Training
from digits_core.training.threads import threads_per_run
from tests.unit.helpers import epochs_in, numbers, run_config, wait_for


def config(epochs: int, **training) -> RunConfig:
    """A small network on optdigits: some ten epochs a second."""
    return run_config(transform=TransformConfig(size=8), epochs=epochs, batch_size=128, **training)


FOREVER = config(1000)
PATIENCE_S = 240
"""A worker that takes over imports torch first, on a busy machine for a minute."""


@dataclass
class Lab:
    """An engine with its store, and what tests ask about a run."""

    engine: Engine
    store: RunStore
    home: Home

    def wait_until(self, run: Run, *statuses: str) -> Run:
        return wait_for(lambda: self._if(run, statuses), PATIENCE_S, f"run {run.id} being {' or '.join(statuses)}")

    def wait_for_epoch(self, run: Run, number: int) -> None:
        wait_for(lambda: len(self.epochs(run)) >= number or self._if(run, ()), PATIENCE_S, f"epoch {number}")

    def epochs(self, run: Run) -> list[tuple[float, ...]]:
        """The numbers of each epoch in the store, in the order in which they came."""
        return [numbers(row) for row in self.store.news(0).epochs if row.run == run.id]

    def changes(self, run: Run) -> list[Changed]:
        """What was changed in a run, as its events said."""
        return [
            Changed(each.what, each.value, each.epoch, each.batch)
            for each in self.store.changes(run.id)
            if each.what in ("learning_rate", "epochs")
        ]

    def history(self, run: Run) -> list[str]:
        return [each.what for each in self.store.changes(run.id)]

    def _if(self, run: Run, statuses: tuple[str, ...]) -> Run | None:
        now = self.store.get(run.id)
        assert now.live or now.status in statuses, f"the run is {now.status}: {now.message}"
        return now if now.status in statuses else None


def reference(
    config: RunConfig, changes: Sequence[Changed] = (), threads: int | None = None
) -> list[tuple[float, ...]]:
    """The numbers of an undisturbed training in this process, with these changes made where they say."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_per_run())
    digits = read_optdigits()
    epochs = epochs_in(Training(config, [digits], [digits]).run(changes=changes))
    torch.set_num_threads(before)
    return [numbers(epoch) for epoch in epochs]


@contextmanager
def own_lab(folder: Path) -> Iterator[Lab]:
    """An engine with a home and a cluster of its own."""
    home = Home(folder).create()
    database = Database(home.database)
    store = RunStore(database)
    engine = Engine(home, store)
    try:
        yield Lab(engine, store, home)
    finally:
        engine.close()
        database.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """A cluster that trains one run at a time, also of a sweep, whatever the machine."""
    home = Home(tmp_path_factory.mktemp("engine") / "home").create()
    database = Database(home.database)
    store = RunStore(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
        patch.setattr(connection, "parallel_runs", lambda: 1)
        patch.setattr(connection, "threads_per_trial", threads_per_run)
        engine = Engine(home, store)
        engine.warm_up()
        yield Lab(engine, store, home)
        engine.close()
    database.close()


@pytest.fixture
def quiet_afterwards(lab: Lab) -> Iterator[None]:
    """No run of one test trains into the next."""
    yield
    for run in lab.store.live():
        lab.engine.stop(run)
    wait_for(lambda: not lab.store.live(), what="the end of all runs")


def cluster_of(process: psutil.Process, folder: Path | None = None) -> psutil.Process | None:
    """The engine's child process, as soon as there is one; that of the home in `folder` where that is said."""
    for child in process.children():
        command = child.cmdline()
        if "digits_core.engine" in command and (folder is None or command[-1].startswith(str(folder))):
            return child
    return None


def trainer(folder: Path | None = None) -> psutil.Process:
    """The process that trains: the worker that used the processor most."""
    cluster = cluster_of(psutil.Process(), folder)
    workers = [each for each in cluster.children(recursive=True) if "spawn_main" in str(each.cmdline())]
    return max(workers, key=lambda each: sum(each.cpu_times()[:2]))


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; one that nobody has waited for yet has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(processes: list[psutil.Process]) -> None:
    wait_for(lambda: all(is_gone(process) for process in processes), 30, f"the end of {len(processes)} processes")
