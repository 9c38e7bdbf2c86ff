"""Events of runs on their way into the store: in the order in which they came, on a thread of its own."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from digits_core.errors import DigitsError, StoreError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.retrying import RETRY_S, keep_trying, log_wait, store_event
from digits_core.runs.store import RunStore
from digits_core.training.events import Event, Failed

log = logging.getLogger(__name__)

TICK_S = 0.5


@dataclass(frozen=True)
class Parcel:
    """What a task has to say of its run, as one piece: first the files that it sent, then the events that follow.

    `epochs` says how many whole epochs the weights among the files have behind them. Files that are sent on the way may
    be dropped, because others follow; those that come with events are all that is left of the training.
    """

    task: str
    run_id: str
    events: Sequence[Event] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    epochs: int = 0
    interruption: str = ""
    """If not empty, the run is interrupted with this message, and nothing that the task says later counts."""


class Inbox:
    """Applies what is put into it, events of one owner's runs. While the store cannot be written, on a full disk for
    example, it tries again until it can.

    `artifacts` opens the folder of a run. `applied` is called after each event, `tick` twice a second while `busy` says
    that something trains; both on the thread of the inbox. An interruption is passed to `applied` as `None`.
    """

    def __init__(
        self,
        store: RunStore,
        owner: str,
        artifacts: Callable[[str], Artifacts],
        applied: Callable[[str, Event | None], None],
        tick: Callable[[], None],
        busy: Callable[[], bool],
    ) -> None:
        self._store = store
        self._owner = owner
        self._artifacts = artifacts
        self._applied = applied
        self._tick = tick
        self._busy = busy
        self._parcels: SimpleQueue[Parcel | None] = SimpleQueue()
        self._waiting: list[Parcel] = []
        self._closed: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="engine-inbox", daemon=True)
        self._thread.start()

    def put(self, task: str, run_id: str, *events: Event) -> None:
        """Apply events of a run, as sent by the task that trains it."""
        self._parcels.put(Parcel(task, run_id, events))

    def put_files(
        self, task: str, run_id: str, files: Mapping[str, bytes], epochs: int, events: Sequence[Event] = ()
    ) -> None:
        """Keep the files of a training on another machine after `epochs` epochs, then apply their events."""
        self._parcels.put(Parcel(task, run_id, events, files, epochs))

    def interrupt(self, task: str, run_id: str, message: str) -> None:
        """Mark a run as interrupted; nothing that comes from the task afterwards counts."""
        self._parcels.put(Parcel(task, run_id, interruption=message))

    @contextmanager
    def closing_to(self, task: str) -> Iterator[None]:
        """Hold the writer while the body runs; afterwards, nothing from that task counts any more."""
        with self._lock:
            yield
            self._closed.add(task)

    def close(self) -> None:
        """Apply what has come, unless the store cannot be written, and end."""
        self._closing.set()
        self._parcels.put(None)
        self._thread.join()

    def _work(self) -> None:
        ticked = 0.0
        while True:
            with suppress(Empty):
                found = self._parcels.get(timeout=self._patience())
                if found is None:
                    self._try_waiting()
                    return
                self._take(found)
            if time.monotonic() - ticked >= TICK_S:
                ticked = time.monotonic()
                self._try_waiting()
                self._guarded(self._tick)

    def _patience(self) -> float | None:
        """Return how long to wait for the next parcel: forever while there is nothing else to do."""
        if self._waiting:
            return RETRY_S
        return TICK_S if self._busy() else None

    def _take(self, parcel: Parcel) -> None:
        """Keep the files of a parcel, then apply its events; without room for the files, it waits until there is."""
        try:
            self._keep_files(parcel)
        except StoreError as error:
            if parcel.events:
                log.warning(
                    "What run %s has learnt is kept in memory until it can be written: %s", parcel.run_id, error
                )
                self._waiting.append(parcel)
            return
        except DigitsError as error:
            if parcel.events:
                self._apply(parcel, Failed(str(error)))
            return
        for event in parcel.events:
            self._apply(parcel, event)
        if parcel.interruption and self._write(parcel, lambda: self._interrupt(parcel)):
            self._guarded(lambda: self._applied(parcel.run_id, None))

    def _try_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for parcel in waiting:
            self._take(parcel)

    def _keep_files(self, parcel: Parcel) -> None:
        """Write the files of a parcel, unless the run has got further meanwhile."""
        with self._lock:
            if not parcel.files or parcel.task in self._closed:
                return
            if not self._store.owners.holds(self._owner, parcel.run_id):
                return
            kept = self._store.get(parcel.run_id).weights
            # A worker that took over from one that died may be behind what that one had sent.
            if kept is None or parcel.epochs > kept or (parcel.events and parcel.epochs == kept):
                self._artifacts(parcel.run_id).put(parcel.files)
                if "weights.safetensors" in parcel.files:
                    self._store.note_weights(parcel.run_id, parcel.epochs)

    def _apply(self, parcel: Parcel, event: Event) -> None:
        if self._write(parcel, lambda: self._store.apply(parcel.run_id, event, self._owner), event):
            self._guarded(lambda: self._applied(parcel.run_id, event))

    def _interrupt(self, parcel: Parcel) -> bool:
        if self._store.owners.holds(self._owner, parcel.run_id):
            self._store.interrupt([parcel.run_id], parcel.interruption)
        self._closed.add(parcel.task)
        return True

    def _write(self, parcel: Parcel, write: Callable[[], bool], event: Event | None = None) -> bool:
        """Write to the store as soon as possible; return True if that succeeded and the task still counts."""

        def write_once() -> bool:
            with self._lock:
                return parcel.task not in self._closed and write()

        waits = itertools.count()

        def wait(error: StoreError) -> bool:
            if next(waits) == 0:
                log_wait(error)
            return self._closing.wait(RETRY_S)

        try:
            return bool(keep_trying(write_once, wait) if event is None else store_event(write_once, event, wait))
        except Exception:
            log.exception("An event of run %s could not be stored", parcel.run_id)
            return False

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            log.exception("The engine could not follow up on an event")
