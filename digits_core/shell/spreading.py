"""A sweep whose trials train on the cluster that the environment names, as many at once as it has workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from digits_core.engine.service import Engine
from digits_core.engine.sweeps import Conductor
from digits_core.runs.rows import EpochRow, Run
from digits_core.runs.sweeps import CONDUCTED
from digits_core.runs.wishes import ASK_INTERVAL_S
from digits_core.shell.sweeping import Sweeping
from digits_core.shell.train import SAID
from digits_core.training.check import prepared


class Spreading(Sweeping):
    """Has a conductor go through the trials, and tells of them as they go: several take turns in what is shown."""

    def trials(self, show_bar: bool) -> Iterator[Run]:
        """Train what is left, and yield each run when it has ended; ends with the sweep's last one, or when stopped.

        There is no bar: it could show one of them only.
        """
        engine = Engine(self.home, self.runs)
        conductor = Conductor(engine, self.runs, self.sweeps, lambda config: prepared(config, self.load))
        conductor.take_up()
        try:
            yield from self._watch(conductor)
        finally:
            conductor.close()
            engine.close()

    def _watch(self, conductor: Conductor) -> Iterator[Run]:
        cursor = self.runs.cursor()
        ended = {run.id for run in self.sweeps.runs(self.sweep.id) if not (run.live or run.status == "interrupted")}
        told = set(ended)
        while True:
            if self.asked():
                conductor.stop(self.sweep)
            going_on = self._status() in CONDUCTED
            # In this order: the last epochs of a run that has ended are among the news.
            runs = self.sweeps.runs(self.sweep.id)
            news = self.runs.news(cursor)
            cursor = news.cursor
            for run in runs:
                if run.started is not None and run.id not in told:
                    told.add(run.id)
                    self._begin(run, runs)
                for row in news.epochs:
                    if row.run == run.id:
                        self.show(_said_of(row, run))
            for run in runs:
                if run.id not in ended and not run.live:
                    ended.add(run.id)
                    self._end(run)
                    yield run
            if not going_on and not any(run.live for run in runs):
                return
            time.sleep(ASK_INTERVAL_S)


def _said_of(row: EpochRow, run: Run) -> dict[str, Any]:
    """The same of an epoch in the store as of one that is reported."""
    fields = {"event": "epoch", "epochs": run.planned_epochs, **vars(row)}
    return {**{name: fields[name] for name in SAID}, "run": run.id}
