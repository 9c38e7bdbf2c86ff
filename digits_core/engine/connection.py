"""The cluster as the engine reaches it: the one that the environment names, else an embedded one. Made when needed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

from distributed import Client, Future
from distributed.security import Security

from digits_core.engine import SCHEDULER_VARIABLE, worker
from digits_core.engine.embedded import EmbeddedCluster
from digits_core.engine.remote_training import Freight
from digits_core.errors import EngineError
from digits_core.home import Home
from digits_core.runs.process_owner import this_process
from digits_core.training.threads import parallel_runs, threads_per_run, threads_per_trial

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60


class Connection:
    """To be used from one thread, except `heard` and `lost`, which are called on others.

    `heard` gets each event of a training as it was sent, `received` the files that one on another machine sends on the
    way (task, run, files, epochs behind them), `lost` is called when the embedded cluster has died.
    """

    def __init__(
        self,
        home: Home,
        heard: Callable[[dict[str, Any]], None],
        received: Callable[[str, str, dict[str, bytes], int], None],
        lost: Callable[[], None],
    ) -> None:
        self._home = home
        self._heard = heard
        self._received = received
        self._lost = lost
        self._cluster: EmbeddedCluster | None = None
        self._client: Client | None = None
        self._freight: Freight | None = None
        self._scaled = False
        self._warming: list[Future[Any]] = []

    @property
    def lost(self) -> bool:
        """True if an established connection was lost."""
        if self._client is None:
            return False
        return self._client.status != "running" or (self._cluster is not None and self._cluster.has_ended)

    def submit(self, task: str, run_id: str, config_json: str, threads: int) -> Future[Any]:
        """Hand a run over; `EngineError` if no cluster answers, `DatasetError` if its data is missing.

        threads: those that it began with, 0 for the usual number.
        """
        client = self.client()
        if self._freight is not None:
            return self._freight.submit(task, run_id, config_json, threads)
        folder, threads = str(self._home.folder), threads or threads_per_run()
        return client.submit(
            worker.train, task, run_id, config_json, folder, threads, this_process(), key=task, pure=False
        )

    def send_again(self) -> None:
        """Send datasets again with the next run: some of those sent are lost."""
        if self._freight is not None:
            self._freight.send_again()

    def client(self) -> Client:
        """Return the client, made and connected at the first call; raises `EngineError` if that fails."""
        if self._client is None:
            address, security = self._address()
            try:
                client = Client(address, security=security, set_as_default=False, timeout=START_TIMEOUT_S)
            except (OSError, TimeoutError) as error:
                raise EngineError(f"The scheduler at {address} does not answer: is it running?") from error
            client.subscribe_topic(worker.TOPIC, lambda stamped: self._heard(stamped[1]))
            self._client = client
            if self._cluster is None:
                self._freight = Freight(client, self._home, self._received)
        return self._client

    def usual_threads(self, trial: bool) -> int:
        """Return how many threads a run or a trial of a sweep begins with; 0 if its worker decides."""
        if os.environ.get(SCHEDULER_VARIABLE):
            return 0
        return threads_per_trial() if trial else threads_per_run()

    def places(self) -> int:
        """Return how many trainings there is room for: this machine's processors, or an existing cluster's workers."""
        if os.environ.get(SCHEDULER_VARIABLE):
            return max(1, self._workers_there()) if self._client is not None else parallel_runs()
        return parallel_runs() * threads_per_run()

    def share(self, threads: int) -> int:
        """Return how many of the places a run with this many threads takes."""
        return 1 if os.environ.get(SCHEDULER_VARIABLE) else threads or threads_per_run()

    def has_room(self, shares: Sequence[int], threads: int) -> bool:
        """Return True if another run with this many threads can train alongside those that take these shares.

        If there is room and no worker yet, one is started: ask again.
        """
        if shares and sum(shares) + self.share(threads) > self.places():
            return False
        if self._cluster is None or len(shares) < parallel_runs():
            return True
        if self._workers_there() > len(shares):
            return True
        self._cluster.scale(len(shares) + 1)
        self._scaled = True
        return False

    def rest(self) -> None:
        """End the workers that were started for a sweep, now that nothing trains: idle ones cost something too."""
        if self._cluster is not None and self._scaled:
            self._scaled = False
            self._cluster.scale(parallel_runs())

    def _workers_there(self) -> int:
        # Asked at every step: a thousand workers' descriptions would be a megabyte each time.
        return self.client().scheduler_info(n_workers=0)["n_workers"]

    def warm_up(self) -> None:
        """Have every worker do once what is slow the first time."""
        try:
            client = self.client()
        except EngineError:
            log.exception("The cluster could not be started ahead of time")
            return
        for address in self._workers():
            if self._freight is not None:
                future = self._freight.warm_up(address)
            else:
                folder, key = str(self._home.folder), f"warm-up-{address}"
                future = client.submit(worker.warm_up, folder, threads_per_run(), workers=[address], key=key)
            self._warming.append(future)  # Dask cancels a future without references

    def close(self) -> None:
        """End the cluster and what trains in it; the next call of `client` starts another."""
        if self._freight is not None:
            self._freight.close()
        if self._client is not None:
            try:
                self._client.close(timeout=2)
            except Exception:  # of a connection that it was just making again, because its cluster had ended
                log.warning("The connection to the training processes did not close cleanly", exc_info=True)
        if self._cluster is not None:
            self._cluster.close()
        self._client, self._cluster, self._freight, self._warming = None, None, None, []
        self._scaled = False

    def _workers(self) -> list[str]:
        return list(self.client().scheduler_info(n_workers=-1)["workers"])

    def _address(self) -> tuple[str, Security | None]:
        """Return the scheduler named by the environment, with Dask's configured credentials, else the embedded one."""
        if address := os.environ.get(SCHEDULER_VARIABLE):
            return address, None
        self._cluster = EmbeddedCluster(self._home.folder / "engine", parallel_runs(), self._lost)
        return self._cluster.address, self._cluster.security
