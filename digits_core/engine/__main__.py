"""The embedded cluster, as a child process of the app: `python -m digits_core.engine WORKERS FOLDER`.

It writes one line of JSON, its address and credentials, to standard output. Each line of its standard input is how many
workers it is to have from then on. It ends when that input closes, so it never outlives the process that started it,
however that one ended.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

import dask
import distributed.scheduler
from distributed import LocalCluster, Nanny

from digits_core.engine.credentials import temporary_security

CREDENTIALS = ("tls_ca_file", "tls_client_key", "tls_client_cert")
QUIET = {
    # Fifty times a second, whether the event loop answers.
    "distributed.admin.tick.interval": "10s",
    "distributed.admin.tick.cycle": "60s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.admin.system-monitor.gil.enabled": False,
    # A hundred times a second, what each task does: for web pages that are not served.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "5s",
    # Move data and tasks between workers, of which there are a few, with a run each.
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
}
"""Dask watches itself all the time, which costs processes that have nothing to do several percent of a core."""

WORKERS_REPORT_S = 10.0
FAREWELL_S = 1.0
"""How long a worker has to end by itself, and one that is killed to be gone."""


class BriskNanny(Nanny):
    """Waits less long for its worker to end: one that trains does not end, and loses nothing by being killed."""

    async def kill(self, timeout: float = FAREWELL_S, reason: str = "nanny-kill") -> None:
        with suppress(TimeoutError):  # killed, but still in the process list of a busy machine
            await super().kill(timeout=min(timeout, FAREWELL_S), reason=reason)


def main(workers: int, folder: Path) -> None:
    # Ctrl-C in the terminal reaches the whole group; the app decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    handshake = _take_standard_output()
    security = temporary_security()
    # Dask's web pages have no credentials: do not serve them, and leave their ports empty.
    dask.config.set({f"distributed.{node}.http.routes": [] for node in ("scheduler", "worker", "nanny")})
    # Dask has its workers give freed memory back at once: training, which needs it again in the next batch, then takes
    # over half as long again.
    dask.config.set({"distributed.nanny.pre-spawn-environ": {}})
    dask.config.set(QUIET)
    # On a laptop that slept, or whose clock was set, workers seem silent for long and are yet alive. The nanny of a
    # worker notices when it dies.
    dask.config.set({"distributed.scheduler.worker-ttl": None})
    # Workers send how busy they are twice a second, which has no setting. Nothing here reads it.
    distributed.scheduler.heartbeat_interval = lambda n: WORKERS_REPORT_S
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        worker_class=BriskNanny,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        security=security,
        local_directory=str(folder),
    ) as cluster:
        credentials = {name: getattr(security, name) for name in CREDENTIALS}
        with handshake:
            print(json.dumps({"address": cluster.scheduler_address, "credentials": credentials}), file=handshake)
        for line in sys.stdin:
            cluster.scale(int(line))
        # On a busy machine, a worker may have to be killed at the end: not worth a log entry.
        logging.getLogger("distributed.nanny").setLevel(logging.ERROR)


def _take_standard_output() -> IO[str]:
    """Keep the pipe to the app for the handshake alone: what workers print goes to standard error."""
    handshake = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return handshake


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
