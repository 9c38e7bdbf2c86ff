"""The engine as the app sees it: submit a run, stop it, end everything. Never blocks a page.

Whatever talks to the cluster happens, in order, on one thread of the engine; events of the runs arrive on the cluster
client's thread and go straight into the store.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import Client, Event, Future
from distributed.security import Security

from digits_core.config import RunConfig
from digits_core.engine import worker
from digits_core.engine.embedded import EmbeddedCluster
from digits_core.errors import EngineError
from digits_core.home import Home
from digits_core.runs.owner import this_process
from digits_core.runs.store import Run, RunStore
from digits_core.training.events import Failed, Finished, from_dict

log = logging.getLogger(__name__)

SCHEDULER_VARIABLE = "DIGITS_SCHEDULER"
START_TIMEOUT_S = 60


def parallel_runs() -> int:
    """How many runs train at once: one for every two cores, because a run uses two threads well and no more."""
    return max(1, (os.cpu_count() or 1) // 2)


def threads_per_run() -> int:
    return max(1, (os.cpu_count() or 1) // parallel_runs())


class Engine:
    """Trains the runs of one store. The cluster starts with the first run, or earlier by `warm_up`."""

    def __init__(self, home: Home, store: RunStore) -> None:
        self._home = home
        self._store = store
        self._owner = this_process()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._cluster: EmbeddedCluster | None = None
        self._client: Client | None = None
        self._futures: dict[str, Future] = {}
        self._cancelled: set[str] = set()
        self._closing = threading.Event()
        self._warm = False

    def submit(self, config: RunConfig) -> Run:
        """Write the run as queued and return it; the cluster gets it as soon as it can."""
        run = self._store.create(config, self._owner)
        self._thread.submit(self._hand_over, run)
        return run

    def stop(self, run: Run) -> None:
        """Ask a run to stop: a queued one ends at once, a running one within a fifth of a second of training."""
        # The caller's copy may be older than the start of the run.
        if self._store.get(run.id).status == "queued":
            self._cancelled.add(run.id)
            self._store.apply(run.id, Finished("stopped", 0, None, None, 0.0, "Taken out of the queue."))
        self._thread.submit(self._stop, run)

    def warm_up(self) -> None:
        """Start the cluster before it is needed, once; returns at once."""
        if not self._warm:
            self._warm = True
            self._thread.submit(self._warm_up)

    def close(self) -> None:
        """End the cluster and every training in it; the runs show as interrupted at the next start."""
        self._closing.set()
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._client is not None:
            self._client.close(timeout=2)
        if self._cluster is not None:
            self._cluster.close()

    def _hand_over(self, run: Run) -> None:
        if self._closing.is_set() or run.id in self._cancelled:
            return
        try:
            self._futures[run.id] = self._connected().submit(
                worker.train, run.id, run.config_json, str(self._home.folder), threads_per_run(),
                key=f"train-{run.id}", pure=False,
                # First come, first served: Dask by itself promises no order.
                priority=-run.number,
            )  # fmt: skip
        except EngineError as error:
            self._store.apply(run.id, Failed(str(error)))
        except Exception as error:
            log.exception("A run could not be handed to the cluster")
            self._store.apply(run.id, Failed(f"The run could not be handed to the cluster ({error})."))
        else:
            self._futures[run.id].add_done_callback(lambda future: self._ended(run.id, future))

    def _stop(self, run: Run) -> None:
        if run.id not in self._futures:
            return
        Event(worker.stop_flag(run.id), client=self._connected()).set()
        if run.id in self._cancelled:
            self._futures[run.id].cancel()

    def _warm_up(self) -> None:
        try:
            client = self._connected()
        except EngineError:
            log.exception("The cluster could not be started ahead of time")
            return
        for address in client.scheduler_info()["workers"]:
            future = client.submit(worker.warm_up, workers=[address], key=f"warm-up-{address}")
            self._futures[future.key] = future  # a future that nobody holds is cancelled

    def _ended(self, run_id: str, future: Future) -> None:
        """The task is over: apply its last event, in case that the way of events lost it, or say why it has none."""
        if future.status in ("cancelled", "lost"):
            return
        try:
            event = from_dict(future.result())
        except Exception as error:
            event = Failed(f"The process that trained ended ({error}).")
        if not self._closing.is_set():
            self._store.apply(run_id, event)
            self._futures.pop(run_id, None)

    def _heard(self, stamped: tuple[float, dict[str, Any]]) -> None:
        """An event of some run has arrived."""
        run_id = stamped[1]["run"]
        try:
            self._store.apply(run_id, from_dict(stamped[1]["event"]))
        except Exception:
            log.exception("An event of run %s could not be stored", run_id)

    def _connected(self) -> Client:
        """The client, made and connected at the first call; `EngineError` where that fails."""
        if self._client is None:
            address, security = self._address()
            try:
                client = Client(address, security=security, set_as_default=False, timeout=START_TIMEOUT_S)
            except (OSError, TimeoutError) as error:
                raise EngineError(f"The scheduler at {address} does not answer: is it running?") from error
            client.subscribe_topic(worker.TOPIC, self._heard)
            self._client = client
        return self._client

    def _address(self) -> tuple[str, Security | None]:
        """The scheduler that the environment names, with credentials of Dask's configuration; else the embedded one."""
        if address := os.environ.get(SCHEDULER_VARIABLE):
            return address, None
        self._cluster = EmbeddedCluster(self._home.folder / "engine", parallel_runs(), self._cluster_ended)
        return self._cluster.address, self._cluster.security

    def _cluster_ended(self) -> None:
        """The embedded cluster has died: say so of its runs; the next one to be submitted starts another."""
        if not self._closing.is_set():
            self._thread.submit(self._forget_cluster)

    def _forget_cluster(self) -> None:
        log.error("The training processes ended unexpectedly")
        lost, self._futures = list(self._futures), {}
        self._store.interrupt(lost, "The training processes ended unexpectedly. What it had learnt is kept.")
        for each in (self._client, self._cluster):
            if each is not None:
                each.close()
        self._client, self._cluster, self._warm = None, None, False
