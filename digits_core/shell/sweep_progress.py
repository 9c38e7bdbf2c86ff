"""Run a sweep in the shell: its conductor trains the trials, and their progress is reported as it happens."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from digits_core.config import RunConfig
from digits_core.engine.service import Engine
from digits_core.engine.sweep_conductor import Conductor
from digits_core.home import Home
from digits_core.runs.retrying import WaitForStore, keep_trying
from digits_core.runs.rows import EpochRow, Run
from digits_core.runs.store import RunStore
from digits_core.runs.stored_requests import ASK_INTERVAL_S
from digits_core.runs.sweep_store import CONDUCTED, Sweep, SweepStatus, SweepStore, as_trial, best_run
from digits_core.shell.train_command import SAID
from digits_core.training.trials import ranking

BEST = 3
"""Number of settings that the summary names."""


@dataclass
class SweepProgress:
    """Runs a sweep to its end. `asked` returns True to stop it, `report` gets each event as a dictionary."""

    runs: RunStore
    sweeps: SweepStore
    sweep: Sweep
    asked: Callable[[], bool]
    report: Callable[[dict[str, Any]], None]
    _started: set[str] = field(default_factory=set, init=False)
    _ended: set[str] = field(default_factory=set, init=False)
    _cursor: int = field(default=0, init=False)

    def train(self, home: Home, prepare: Callable[[RunConfig], RunConfig], show_bar: bool) -> None:
        """Train the remaining trials, as many at once as the app does; return when the sweep has ended or was stopped.

        `prepare` makes a trial's config ready to run. The bar shows the progress of the whole sweep.
        """
        self._cursor = self.runs.cursor()
        self._ended = {run.id for run in self.sweeps.runs(self.sweep.id) if not (run.live or run.rests_with_its_sweep)}
        self._started = set(self._ended)
        engine = Engine(home, self.runs)
        conductor = Conductor(engine, self.runs, self.sweeps, prepare)
        try:
            with _store_warnings(), tqdm(total=1.0, disable=not show_bar, leave=False, bar_format=_BAR) as bar:
                conductor.take_up()
                while keep_trying(lambda: self._look(conductor, bar), WaitForStore()) or engine.is_training:
                    time.sleep(ASK_INTERVAL_S)
        finally:
            conductor.close()
            engine.close()

    def summary(self) -> dict[str, Any]:
        """Return how many runs there are, why the sweep ended, and the best settings with the best run of each."""
        runs, plan = self.sweeps.runs(self.sweep.id), self.sweep.plan
        best = []
        for group in ranking([as_trial(plan, run, ()) for run in runs])[:BEST]:
            run = best_run(plan, group, runs)
            best.append({"settings": dict(group.settings), "test_accuracy": group.score, "run": run.id})
        ended = self.sweeps.get(self.sweep.id)
        return {"sweep": self.sweep.id, "runs": len(runs), "best": best, "message": ended.message}

    def _look(self, conductor: Conductor, bar: tqdm) -> bool:
        """Report what happened since the last call; return False once nothing more is going to happen."""
        if self.asked():
            conductor.stop(self.sweep)
        going_on = self._status() in CONDUCTED
        # In this order, so that the news include the last epochs of a run that has ended.
        runs = self.sweeps.runs(self.sweep.id)
        news = self.runs.news(self._cursor)
        self._cursor = news.cursor
        for number, run in enumerate(runs, start=1):
            if run.started is not None and run.id not in self._started:
                self._started.add(run.id)
                self._report(bar, self._begun(number, run))
            for row in news.epochs:
                if row.run == run.id:
                    self._report(bar, {**_epoch(row, run), "number": number, "runs": self.sweep.plan.size})
        for run in runs:
            if run.id not in self._ended and not run.live:
                self._ended.add(run.id)
                self._report(bar, self._end(run))
        bar.update(_share(runs, self.sweep.plan.size) - bar.n)
        return going_on or any(run.live and run.owner == self.sweep.owner for run in runs)

    def _status(self) -> SweepStatus:
        """Return the status of the sweep for this process: interrupted if another process has taken it over.

        A sweep that others marked as interrupted while this process could not be reached continues.
        """
        now, owner = self.sweeps.get(self.sweep.id), self.sweep.owner
        if now.status == "interrupted" and now.owner == owner:
            self.runs.owners.beat(owner)
            now = self.sweeps.get(self.sweep.id)
        return now.status if now.owner == owner else "interrupted"

    def _report(self, bar: tqdm, event: dict[str, Any]) -> None:
        bar.clear()
        self.report(event)

    def _begun(self, number: int, run: Run) -> dict[str, Any]:
        return {"event": "trial", "run": run.id, "number": number, "runs": self.sweep.plan.size, "name": run.name}

    def _end(self, run: Run) -> dict[str, Any]:
        settings = as_trial(self.sweep.plan, run, ()).settings
        return {
            "event": run.status,
            "run": run.id,
            "settings": dict(settings),
            "seed": run.config.training.seed,
            "test_accuracy": run.test_accuracy,
            "seconds": run.seconds,
            "message": run.message,
        }


_BAR = "{percentage:3.0f}% {bar} {remaining}"


def _share(runs: Sequence[Run], size: int) -> float:
    """Return the progress of a sweep of `size` runs, from 0 to 1."""
    return min(1.0, sum(run.progress if run.live else 1.0 for run in runs) / size)


def _epoch(row: EpochRow, run: Run) -> dict[str, Any]:
    """Return the fields of an epoch that `--json` prints, as `train` does."""
    fields = {"event": "epoch", "epochs": run.planned_epochs, **vars(row)}
    return {**{name: fields[name] for name in SAID}, "run": run.id}


@contextmanager
def _store_warnings() -> Iterator[None]:
    """Print each warning of the engine to standard error once, for example that it waits for the store."""
    handler, log = _Once(), logging.getLogger("digits_core")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Once(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self._said:
            self._said.add(message)
            print(f"digits_core: {message}", file=sys.stderr)
