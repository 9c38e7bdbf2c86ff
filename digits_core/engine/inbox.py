"""Events of runs on their way into the store: in the order in which they came, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from digits_core.runs.retrying import RETRY_S, store_event
from digits_core.runs.store import RunStore
from digits_core.training.events import Event

log = logging.getLogger(__name__)

TICK_S = 0.5


class Inbox:
    """Applies what is put into it, events of one owner's runs. While the store cannot be written, on a full disk for
    example, it tries again until it can.

    `applied` is called after each event, `tick` twice a second while `busy` says that something trains; both on the
    thread of the inbox.
    """

    def __init__(
        self,
        store: RunStore,
        owner: str,
        applied: Callable[[str, Event], None],
        tick: Callable[[], None],
        busy: Callable[[], bool],
    ) -> None:
        self._store = store
        self._owner = owner
        self._applied = applied
        self._tick = tick
        self._busy = busy
        self._events: SimpleQueue[tuple[str, str, Event] | None] = SimpleQueue()
        self._closed: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="engine-inbox", daemon=True)
        self._thread.start()

    def put(self, task: str, run_id: str, event: Event) -> None:
        """An event of a run, as the task has it that trains it."""
        self._events.put((task, run_id, event))

    @contextmanager
    def closing_to(self, task: str) -> Iterator[None]:
        """Do something after which nothing that comes from that task counts any more."""
        with self._lock:
            yield
            self._closed.add(task)

    def close(self) -> None:
        """Apply what has come, unless the store cannot be written, and end."""
        self._closing.set()
        self._events.put(None)
        self._thread.join()

    def _work(self) -> None:
        ticked = 0.0
        while True:
            try:
                found = self._events.get(timeout=TICK_S if self._busy() else None)
            except Empty:
                found = ()
            if found is None:
                return
            if found:
                self._apply(*found)
            if time.monotonic() - ticked >= TICK_S:
                ticked = time.monotonic()
                self._guarded(self._tick)

    def _apply(self, task: str, run_id: str, event: Event) -> None:
        def apply() -> bool:
            with self._lock:
                return task not in self._closed and self._store.apply(run_id, event, self._owner)

        try:
            stored = store_event(apply, event, lambda _: self._closing.wait(RETRY_S))
        except Exception:
            log.exception("An event of run %s could not be stored", run_id)
            return
        if stored:
            self._guarded(lambda: self._applied(run_id, event))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            log.exception("The engine could not follow up on an event")
