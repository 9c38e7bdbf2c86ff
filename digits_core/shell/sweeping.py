"""A sweep whose trials run one after another in this process, each trained as the shell's `train` does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from digits_core.data.digits import Digits
from digits_core.errors import RunError, StoreError
from digits_core.home import Home
from digits_core.runs.data import RunData
from digits_core.runs.retrying import keep_trying
from digits_core.runs.rows import Run
from digits_core.runs.store import RunStore
from digits_core.runs.sweeps import (
    CONDUCTED,
    HOPELESS,
    WITH_ITS_SWEEP,
    Sweep,
    SweepStatus,
    SweepStore,
    as_trial,
    hopeless_message,
)
from digits_core.runs.wishes import ASK_INTERVAL_S, StoredOrders
from digits_core.shell.common import WaitForStore
from digits_core.shell.train import said_of, trained, with_progress_bar
from digits_core.training.check import prepared
from digits_core.training.control import Orders
from digits_core.training.events import EpochFinished, Event, Finished
from digits_core.training.sweep import config_of
from digits_core.training.trials import Trial, is_hopeless, next_trial, ranking

BEST = 3
"""How many settings the summary names."""

Result = TypeVar("Result")


@dataclass
class Sweeping:
    """Goes through the trials; `load` reads datasets as they are now, to check settings; `data` those
    of the runs. `asked` says whether to end, `show` gets each event as it comes."""

    home: Home
    load: Callable[[str], Digits]
    data: RunData
    runs: RunStore
    sweeps: SweepStore
    sweep: Sweep
    asked: Callable[[], bool]
    show: Callable[[dict[str, Any]], None]
    _reason: str = field(default="", init=False)
    _wait: WaitForStore = field(default_factory=WaitForStore, init=False)

    def trials(self, show_bar: bool) -> Iterator[Run]:
        """Train what is left, and yield each run when it has ended; ends with the sweep's last one, or when stopped."""
        while self._patiently(self._may_go_on):
            run = self._patiently(self._next)
            if run is None:
                self._patiently(partial(self.sweeps.set_status, self.sweep.id, "finished", CONDUCTED))
                return
            yield self._train(run, show_bar)

    def summary(self) -> dict[str, Any]:
        """How many runs there are, and the best settings with the best run of each."""
        runs = self.sweeps.runs(self.sweep.id)
        plan = self.sweep.plan
        best = []
        for group in ranking([as_trial(plan, run, ()) for run in runs])[:BEST]:
            mine = [run for run in runs if as_trial(plan, run, ()).settings == group.settings]
            first = max(mine, key=lambda run: run.test_accuracy or 0.0)
            best.append({"settings": dict(group.settings), "test_accuracy": group.score, "run": first.id})
        return {"sweep": self.sweep.id, "runs": len(runs), "best": best}

    def _may_go_on(self) -> bool:
        """Wait while the sweep is paused; false where it is to end."""
        while not self.asked():
            status = self._status()
            if status != "paused":
                return status == "running"
            time.sleep(ASK_INTERVAL_S)
        if self._status() in CONDUCTED:
            self.sweeps.set_status(self.sweep.id, "stopped", CONDUCTED, "Stopped by hand.")
        return False

    def _status(self) -> SweepStatus:
        """Return the status of the sweep as far as this process is concerned: interrupted if another has taken it over.

        One that others gave up while this process could not be reached goes on.
        """
        now, owner = self.sweeps.get(self.sweep.id), self.sweep.owner
        if now.status == "interrupted" and now.owner == owner:
            self.runs.owners.beat(owner)
            now = self.sweeps.get(self.sweep.id)
        return now.status if now.owner == owner else "interrupted"

    def _patiently(self, action: Callable[[], Result]) -> Result:
        """Wait while the store is busy or its disk full: hours of training hang on it."""
        return keep_trying(action, self._wait)

    def _next(self) -> Run | None:
        """The run to train now, ready to start: one that was interrupted, else a new one."""
        plan, runs = self.sweep.plan, self.sweeps.runs(self.sweep.id)
        for run in runs:
            if run.status == "interrupted" or (run.status == "stopped" and run.message == WITH_ITS_SWEEP):
                with suppress(RunError):  # an app was faster
                    again = self.runs.requeue(run.id, self.sweep.owner)
                    if self.runs.take(run.id, self.sweep.owner):
                        return again
        found = next_trial(plan, [as_trial(plan, run, ()) for run in runs])
        if found is None:
            return None
        config = prepared(config_of(plan, *found), self.load)
        return self.runs.create(config, self.sweep.owner, sweep=self.sweep.id)

    def _train(self, run: Run, show_bar: bool) -> Run:
        others = self._others(run)
        self._begin(run, self.sweeps.runs(self.sweep.id))
        self._reason, curve = "", []
        load = self.data.loader(run.id)
        events = trained(self.home, load, self.runs, run, self._orders(run), self._explained)
        for event in with_progress_bar(events, show_bar):
            if isinstance(event, EpochFinished):
                curve.append(event.test_accuracy)
                self.show({**said_of(event), "run": run.id})
                if self.sweep.plan.stop_hopeless and event.epoch < event.epochs and is_hopeless(curve, others):
                    self._reason = hopeless_message(event.epoch)
        ended = next(each for each in self.sweeps.runs(self.sweep.id) if each.id == run.id)
        self._end(ended)
        return ended

    def _begin(self, run: Run, runs: Sequence[Run]) -> None:
        """Tell of a trial that begins, one of these."""
        number = [each.id for each in runs].index(run.id) + 1
        self.show({"event": "trial", "run": run.id, "number": number, "runs": self.sweep.plan.size, "name": run.name})

    def _end(self, run: Run) -> None:
        """Tell of a trial that has ended, and how."""
        self.show(
            {"event": run.status, "run": run.id, "settings": dict(self._as_trial(run).settings),
             "seed": run.config.training.seed, "test_accuracy": run.test_accuracy, "seconds": run.seconds,
             "message": run.message}
        )  # fmt: skip

    def _orders(self, run: Run) -> Callable[[], Orders]:
        """What is wished of a trial: of itself, of its sweep, or by Ctrl-C."""
        stored, its_sweep = StoredOrders(self.runs, run.id, run.owner), _StoredStatus(self._status)

        def orders() -> Orders:
            if self._reason.startswith(HOPELESS):
                return Orders(stop=True)
            if self.asked() or its_sweep() not in CONDUCTED:
                self._reason = WITH_ITS_SWEEP
                return Orders(stop=True)
            return replace(stored(), pause=True) if its_sweep() == "paused" else stored()

        return orders

    def _explained(self, event: Event) -> Event:
        """A stop with its reason, where the sweep had one."""
        stopped = isinstance(event, Finished) and event.outcome == "stopped"
        return replace(event, message=self._reason) if stopped and self._reason else event

    def _others(self, run: Run) -> Sequence[Sequence[float]]:
        """The curves of the trials that have ended."""
        runs = [each for each in self.sweeps.runs(self.sweep.id) if each.id != run.id]
        epochs = self.runs.epochs([each.id for each in runs])
        trials = [as_trial(self.sweep.plan, each, epochs[each.id]) for each in runs]
        return [trial.curve for trial in trials if trial.state == "done"]

    def _as_trial(self, run: Run) -> Trial:
        return as_trial(self.sweep.plan, run, ())


class _StoredStatus:
    """How a sweep stands, looked up at most five times a second, however often asked."""

    def __init__(self, look_up: Callable[[], str]) -> None:
        self._look_up = look_up
        self._asked, self._status = -ASK_INTERVAL_S, "running"

    def __call__(self) -> str:
        if time.monotonic() - self._asked >= ASK_INTERVAL_S:
            with suppress(StoreError):  # that it cannot be read now is no reason to end a training
                self._status = self._look_up()
            self._asked = time.monotonic()
        return self._status
