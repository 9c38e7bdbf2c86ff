"""Conduct sweeps: submit their next trials, stop underperforming ones, and carry out pause, stop and end.

Requests to a sweep are in the store, so that any process may make them; the one that owns the sweep carries them out.
The whole state is in the store, so that another process can continue if one was killed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from digits_core.config import RunConfig
from digits_core.engine.service import Engine
from digits_core.errors import DigitsError, RunError, StoreError
from digits_core.runs.process_owner import this_process
from digits_core.runs.retrying import log_wait
from digits_core.runs.rows import Run
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import CONDUCTED, Sweep, SweepStore, as_trial
from digits_core.training.sweep_plan import SweepPlan, config_of, extremes
from digits_core.training.trials import next_trial, underperforms

log = logging.getLogger(__name__)

TICK_S = 0.25


class Conductor:
    """Conducts the sweeps of one store through an engine, on a thread of its own.

    `prepare` makes a trial's config ready to be run, or raises what is wrong with it.
    """

    def __init__(
        self, engine: Engine, runs: RunStore, sweeps: SweepStore, prepare: Callable[[RunConfig], RunConfig]
    ) -> None:
        self._engine = engine
        self._runs = runs
        self._sweeps = sweeps
        self._prepare = prepare
        self._owner = this_process()
        self._lock = threading.Lock()
        self._taken_up: set[str] = set()
        self._looked: dict[str, int] = {}
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, plan: SweepPlan, session: str = "") -> Sweep:
        """Store a sweep and start it; `DigitsError` if its data are missing or too few for a batch."""
        for config in extremes(plan):
            self._prepare(config)
        sweep = self._sweeps.create(plan, self._owner, session)
        self._begin()
        return sweep

    def take_up(self) -> None:
        """Take up the sweeps of this process that were written, or adopted, elsewhere in it."""
        self._begin()

    def pause(self, sweep: Sweep) -> None:
        """Start no further trial, and pause those that train."""
        self._sweeps.set_status(sweep.id, "paused", ["running"])
        self._begin()

    def stop(self, sweep: Sweep) -> None:
        """Start no further trial, and stop those that train; what they have learnt is kept."""
        self._sweeps.set_status(sweep.id, "stopped", CONDUCTED, "Stopped by hand.")
        self._begin()

    def go_on(self, sweep: Sweep) -> None:
        """Resume a sweep that is paused or ended early, its trials where they were."""
        with self._lock:
            now = self._sweeps.get(sweep.id)
            if now.status == "paused" and now.owner != self._owner and self._runs.owners.is_alive(now.owner):
                self._sweeps.set_status(sweep.id, "running", ["paused"])
            elif not self._sweeps.adopt(sweep.id, self._owner):
                raise RunError(f"{now.title} is {now.status}: there is nothing to continue.")
            for run in self._sweeps.runs(sweep.id):
                self._taken_up.discard(run.id)
                if run.live and run.orders.pause:
                    self._engine.go_on(run)
        self._begin()

    def close(self) -> None:
        """Start nothing more. The sweeps show as interrupted at the next start."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        self._engine.heartbeat.start()
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._work, name="sweeps", daemon=True)
                self._thread.start()
        self._wake.set()

    def _work(self) -> None:
        while not self._closing.is_set():
            busy = self._tick()
            self._wake.wait(TICK_S if busy else None)
            self._wake.clear()

    def _tick(self) -> bool:
        """Advance every sweep of this process; return True if there is one."""
        try:
            sweeps = self._sweeps.of_owner(self._owner)
            for sweep in sweeps:
                with self._lock:
                    self._conduct(self._sweeps.get(sweep.id))
        except StoreError as error:
            log_wait(error)
        except Exception:
            log.exception("A sweep could not be seen to")
        else:
            return bool(sweeps)
        return True

    def _conduct(self, sweep: Sweep) -> None:
        if sweep.status == "running":
            try:
                self._advance(sweep, self._sweeps.runs(sweep.id))
            except StoreError:
                raise
            except DigitsError as error:
                self._sweeps.set_status(sweep.id, "failed", ["running"], str(error))
            return
        self._sweeps.withdraw(sweep.id)
        for run in self._sweeps.runs(sweep.id):
            if run.live:
                self._halt(run, pause=sweep.status == "paused")

    def _halt(self, run: Run, pause: bool) -> None:
        """Pause a trial, or stop it, together with its sweep."""
        if pause and not run.waits:
            if not run.orders.pause:
                self._engine.pause(run)
        elif not run.orders.stop:
            self._runs.set_stop_reason(run.id, "with its sweep")
            self._engine.stop(run)

    def _advance(self, sweep: Sweep, runs: Sequence[Run]) -> None:
        if sweep.plan.stop_underperforming:
            self._stop_underperforming(sweep.plan, runs)
        # Only one at a time waits in the queue, so that runs of others wait for one trial, not for the whole sweep.
        if any(run.waits for run in runs) or self._take_up(runs):
            return
        trial = next_trial(sweep.plan, [as_trial(sweep.plan, run, ()) for run in runs])
        if trial is not None:
            self._engine.submit(self._prepare(config_of(sweep.plan, *trial)), sweep.session, sweep.id)
        elif not any(run.live for run in runs):
            self._sweeps.set_status(sweep.id, "finished", ["running"])

    def _take_up(self, runs: Sequence[Run]) -> bool:
        """Resume one trial that ended only because its sweep or its process did; return False if there is none."""
        for run in runs:
            # Once each: a trial that ends its process again and again must not block the others.
            if run.rests_with_its_sweep and run.id not in self._taken_up:
                self._taken_up.add(run.id)
                with suppress(RunError):  # another process was faster
                    self._engine.resume(run)
                return True
        return False

    def _stop_underperforming(self, plan: SweepPlan, runs: Sequence[Run]) -> None:
        """Stop the trials that are behind the others; checked once for each epoch that comes in."""
        training = [run for run in runs if run.status == "running" and not run.orders.stop]
        cursor = self._runs.cursor()
        if not training or self._looked.get(training[0].sweep) == cursor:
            return
        self._looked[training[0].sweep] = cursor
        epochs = self._runs.epochs([run.id for run in runs])
        trials = {run.id: as_trial(plan, run, epochs[run.id]) for run in runs}
        others = [trial.curve for trial in trials.values() if trial.state == "complete"]
        for run in training:
            curve = trials[run.id].curve
            if len(curve) < run.planned_epochs and underperforms(curve, others):
                self._runs.set_stop_reason(run.id, "underperforming")
                self._engine.stop(run)
