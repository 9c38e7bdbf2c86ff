"""Training in the calling process, for the shell's `train` and notebooks; the run is stored like any other."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from digits_core.config import RunConfig
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.heartbeat import TAKEN_OVER, Heartbeat, Hold
from digits_core.runs.process_owner import this_process
from digits_core.runs.retrying import WaitForStore, store_event
from digits_core.runs.run_data import Load, RunData
from digits_core.runs.store import RunStore
from digits_core.runs.stored_requests import StoredOrders
from digits_core.training.check import prepared
from digits_core.training.control import Orders
from digits_core.training.events import Event, Failed
from digits_core.training.loop import choose_device
from digits_core.training.threads import threads_per_run


class LocalTraining:
    """A run to be trained by this process; `run` is its row, stored as queued.

    Args:
        load: Loads a dataset by name; by default from the home.
        threads: The number of threads to train with; 0 for this machine's default.

    Raises:
        ConfigError: If the device is not available; nothing is stored then.
        DatasetError: If data is missing, or too little to train or test with; nothing is stored then.
    """

    def __init__(
        self, home: Home, database: Database, config: RunConfig, load: Load | None = None, threads: int = 0
    ) -> None:
        catalogue = Catalogue(home, database)
        self._home, self._store = home, RunStore(database)
        config = prepared(config, load or catalogue.load)
        choose_device(config.training.device)
        self.run = self._store.create(config, this_process(), threads=threads)
        self._load = load or RunData(database, catalogue, self._store).loader(self.run.id)

    def events(self) -> Generator[Event, None, None]:
        """Train, and yield each event after it is stored.

        Ctrl-C, or a stop request from an app, stops the run after the current batch; a second Ctrl-C interrupts this
        process immediately. Training waits while the store is busy or its disk is full. If another process has taken
        over the run, training ends with a `Failed` event and stores nothing more.
        """
        store, run = self._store, self.run
        with Heartbeat(store.owners, run.owner) as heartbeat, stop_on_ctrl_c() as asked:
            heartbeat.start()
            stored = StoredOrders(store, run.id, run.owner)
            yield from self._trained(lambda: Orders(stop=True) if asked() else stored())

    def _trained(self, orders: Callable[[], Orders]) -> Iterator[Event]:
        wait = WaitForStore()
        run, apply = self.run, self._store.apply
        artifacts = Artifacts(self._home.run(run.id), Hold(self._store.owners, run.owner, run.id).check)
        for event in execute(run.config, self._load, artifacts, orders, run.threads or threads_per_run()):
            if store_event(partial(apply, run.id, event, run.owner), event, wait) is False:
                yield Failed(TAKEN_OVER)
                return
            yield event


@contextmanager
def stop_on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns True once Ctrl-C was pressed; a second Ctrl-C interrupts as usual.

    Only the main thread receives Ctrl-C: in others, the function always returns False.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def note(*_: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
