"""Training on a cluster that exists already and shares no folder with the app: Dask's own scheduler and workers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dask
import psutil
import pytest
from distributed import Client
from distributed.security import Security

from digits_core.engine import connection
from digits_core.engine.credentials import temporary_security
from digits_core.runs.artifacts import Artifacts
from digits_core.training.threads import cores
from tests.unit.engine.conftest import FOREVER, Lab, config, own_lab, reference, wait_until_gone
from tests.unit.helpers import wait_for

ROOT = Path(__file__).resolve().parents[3]
THREADS = max(1, cores() // 2)
"""Two workers share this machine."""


@dataclass
class Cluster:
    """A scheduler and its workers, each a process that was started as README says, and the files they are let in by."""

    folder: Path
    security: Security
    processes: dict[str, psutil.Popen] = field(default_factory=dict)

    def start(self) -> None:
        for name in ("tls_ca_file", "tls_scheduler_key", "tls_scheduler_cert"):
            (self.folder / name).write_text(getattr(self.security, name))
        known = self.folder / "scheduler.json"
        self._run("scheduler", "scheduler", "--port", "0", "--host", "tls://127.0.0.1", "--scheduler-file", str(known))
        self.address = wait_for(lambda: known.exists() and json.loads(known.read_text() or "{}"), 120)["address"]

    def add_worker(self, name: str) -> None:
        own = self.folder / name
        own.mkdir()
        self._run(name, "worker", self.address, "--nthreads", "1", "--local-directory", str(own))

    def kill(self, name: str) -> None:
        """As a machine that is switched off: with all its processes at once."""
        process = self.processes.pop(name)
        family = [process, *process.children(recursive=True)]
        for each in family:
            each.kill()
        process.wait()
        wait_until_gone(family)

    def _run(self, name: str, command: str, *options: str) -> None:
        tls = [f"--tls-{part}={self.folder / f'tls_{owner}{part}'.replace('-', '_')}"
               for owner, part in (("", "ca-file"), ("scheduler_", "key"), ("scheduler_", "cert"))]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if name != "DIGITS_HOME"}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = psutil.Popen(
                [sys.executable, "-m", "dask", command, "--no-dashboard", *tls, *options],
                cwd=self.folder, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip


@pytest.fixture
def cluster(tmp_path, monkeypatch) -> Iterator[Cluster]:
    """Two workers, and this process set up to be let in."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    started = Cluster(folder, temporary_security())
    try:
        started.start()
        for name in ("one", "two"):
            started.add_worker(name)
        monkeypatch.setenv(connection.SCHEDULER_VARIABLE, started.address)
        tls = {"ca-file": "tls_ca_file", "client.key": "tls_scheduler_key", "client.cert": "tls_scheduler_cert"}
        files = {f"distributed.comm.tls.{name}": str(folder / file) for name, file in tls.items()}
        with dask.config.set({**files, "distributed.comm.require-encryption": True}):
            with Client(started.address, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=120)
            yield started
    finally:
        for name in list(started.processes):
            started.kill(name)


@pytest.fixture
def lab(tmp_path, cluster) -> Iterator[Lab]:
    with own_lab(tmp_path / "home") as own:
        own.engine.warm_up()
        yield own


def holders(lab: Lab) -> list[int]:
    """How many workers hold each dataset that was sent."""
    held = lab.engine._connection.client().who_has()
    return [len(workers) for key, workers in held.items() if key.startswith("digits-")]


def test_a_run_comes_back_with_its_numbers_and_all_that_it_has_learnt(lab: Lab, cluster: Cluster):
    stopped = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(stopped, 2)
    lab.engine.stop(stopped)
    stopped = lab.wait_until(stopped, "stopped")
    kept = Artifacts(lab.home.run(stopped.id))
    done = len(lab.epochs(stopped))

    assert lab.epochs(stopped) == reference(config(done), threads=THREADS)
    assert kept.load_checkpoint()["training"]["epochs_done"] == done
    assert kept.load_weights().keys() == kept.load_checkpoint()["training"]["network"].keys()
    assert len(kept.load_test_result().labels) == 359
    assert not list(cluster.folder.glob("*/digits-run-*")), "what it left on the worker is gone"

    # What was learnt so far travels back to a worker, whichever is next.
    lab.engine.resume(stopped)
    lab.wait_until(stopped, "running")
    lab.engine.order(stopped, epochs=done + 2)
    lab.wait_until(stopped, "finished")
    assert lab.epochs(stopped) == reference(config(done + 2), threads=THREADS)


def test_a_machine_that_is_switched_off_leaves_its_run_to_the_other(lab: Lab, cluster: Cluster):
    runs = [lab.engine.submit(config(40, seed=seed)) for seed in (1, 2)]
    for run in runs:
        lab.wait_for_epoch(run, 1)
    assert holders(lab) == [2], "one dataset, once on each worker"
    cluster.kill("one")
    for run in runs:
        lab.wait_until(run, "finished")
        assert lab.epochs(run) == reference(run.config, threads=THREADS)


def test_a_cluster_that_goes_away_interrupts_its_runs(lab: Lab, cluster: Cluster):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 1)
    cluster.kill("scheduler")

    assert "cannot be reached" in lab.wait_until(run, "interrupted").message
