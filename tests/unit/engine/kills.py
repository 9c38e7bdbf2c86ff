"""An app that trains runs to their end, whatever is killed on the way, and what must hold after each kill.

`python -m tests.unit.engine.kills FOLDER` is that app; whenever it is started it goes on with what it finds.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil

from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.process_owner import is_alive
from digits_core.runs.store import LIVE, Run, RunStore
from tests.unit.engine.conftest import cluster_of, config
from tests.unit.helpers import wait_for

ROOT = Path(__file__).resolve().parents[3]
VICTIMS = ("worker", "engine", "app")
RUNS, EPOCHS = 2, 8
PATIENCE_S = 240
TICK_S = 0.05


def app(folder: Path) -> None:
    """Submit the runs, or take up those that were interrupted, as a person would; end when all have finished."""
    home = Home(folder).create()
    store = RunStore(Database(home.database))
    store.interrupt_orphans(is_alive)
    engine = Engine(home, store)
    for seed in range(len(store.runs()), RUNS):
        engine.submit(config(EPOCHS, seed=seed))
    resumed: Counter[str] = Counter()
    while any(run.status != "finished" for run in store.runs()):
        # One whose processes were killed before they had started has failed, and says so.
        for run in (run for run in store.runs() if run.status in ("interrupted", "failed")):
            resumed[run.id] += 1
            assert resumed[run.id] <= len(VICTIMS), run.message
            engine.resume(run)
        time.sleep(TICK_S)
    engine.close()


class Killing:
    """The app on a home of its own, and one kill after the other, at moments that the seed decides."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.home = Home(folder).create()
        self._database = Database(self.home.database)
        self.store = RunStore(self._database)
        self._chance = random.Random(seed)
        self._app = self._start()
        self._met: set[psutil.Process] = set()

    def victims(self) -> list[str]:
        """One of each, in an order that the seed decides."""
        return self._chance.sample(VICTIMS, len(VICTIMS))

    def kill(self, victim: str) -> None:
        """Let the training go on for a random time, and kill one process of that kind in the middle of it."""
        done = len(self.store.news(0).epochs)
        epochs = min(done + self._chance.randint(0, 3), RUNS * EPOCHS)
        wait_for(lambda: len(self.store.news(0).epochs) >= epochs, PATIENCE_S, f"{epochs} epochs in all")
        process = wait_for(lambda: self._find(victim), PATIENCE_S, f"the {victim}")
        self._met |= {self._app, *self._app.children(recursive=True)}
        # A moment is not a thing to wait for: anywhere within an epoch, a write, or a start.
        time.sleep(self._chance.uniform(0, 0.3))
        with suppress(psutil.NoSuchProcess):
            process.kill()
        if victim == "app":
            self._app.wait()
            # What the app had started may still be about to end, and write.
            self._app = self._start()

    def finish(self) -> None:
        """Wait until the app has brought every run to its end, and has ended with all that it had started."""
        self._met |= {self._app, *self._app.children(recursive=True)}
        assert self._app.wait(PATIENCE_S) == 0
        _, alive = psutil.wait_procs(self._met, timeout=30)
        assert not alive

    def close(self) -> None:
        for process in [*self._app.children(recursive=True), self._app] if self._app.is_running() else []:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._app.wait()
        self._database.close()

    def _start(self) -> psutil.Popen:
        command = [sys.executable, "-m", "tests.unit.engine.kills", str(self.home.folder)]
        return psutil.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)

    def _find(self, victim: str) -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            if victim == "app":
                return self._app
            cluster = cluster_of(self._app)
            if victim == "engine" or cluster is None:
                return cluster
            workers = [each for each in cluster.children(recursive=True) if "spawn_main" in str(each.cmdline())]
            return self._chance.choice(workers) if workers else None
        return None


def check(home: Home, store: RunStore) -> None:
    """What holds at any moment, with an app at work or none: the file is whole, and nothing is twice or missing."""
    with closing(sqlite3.connect(home.database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        waiting = [row[0] for row in db.execute("SELECT position FROM runs WHERE position > 0 ORDER BY position")]
    assert waiting == list(range(1, len(waiting) + 1))
    for run in store.runs():
        check_run(run, store, Artifacts(home.run(run.id)))


def check_run(run: Run, store: RunStore, artifacts: Artifacts) -> None:
    epochs = [row.epoch for row in store.epochs([run.id])[run.id]]
    details = [row.epoch for row in store.details(run.id)]
    checkpoint = artifacts.load_checkpoint()  # raises for one that is half written

    assert epochs == list(range(1, len(epochs) + 1))
    assert details[: len(epochs)] == epochs
    assert (run.finished is None) == (run.status in LIVE)
    if epochs:
        assert checkpoint["training"]["epochs_done"] >= len(epochs), "what is reported is kept"
        assert artifacts.load_weights()
    if run.status == "finished":
        assert (len(epochs), run.progress) == (run.planned_epochs, 1)


def left_overs(home: Home) -> Iterator[Path]:
    """What was half written when its process was killed."""
    return (home.folder / "runs").rglob(".*")


if __name__ == "__main__":
    app(Path(sys.argv[1]))
