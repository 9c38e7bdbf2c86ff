"""A sweep of 12 runs on other hosts: `python -m tests.benchmarks two-hosts`.

A scheduler and two workers, each a network namespace with an address and a cable of its own, and each worker with one
core: as many hosts as this machine has cores are as fast as real ones. The sweep trains on one worker and on two, in
turn; then once more while the cable of one is pulled in the middle. Every run is compared with one that was trained in
this process, and what came in by each cable is counted.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from digits_core.config import RunConfig
from digits_core.data.builtin import read_mnist_5k
from digits_core.engine.sweep_conductor import Conductor
from digits_core.runs.store import Run
from digits_core.runs.sweep_store import Sweep, SweepStore
from digits_core.training.check import prepared
from digits_core.training.loop import Training
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.benchmarks.measurement import Measurement, Target, counted, measured, ratio
from tests.clusters import NOTICE_S, Cluster, Host, hosts
from tests.unit.engine.conftest import Lab, own_lab
from tests.unit.helpers import epochs_in, numbers, run_config, wait_for

RUNS = 12
PATIENCE_S = 900


@dataclass
class Watch:
    """Which host each run was seen to train on, in the order in which it was seen there."""

    places: dict[str, list[str]] = field(default_factory=dict)

    def look(self, lab: Lab) -> None:
        for worker, tasks in lab.engine._connection.client().processing().items():
            host = worker.split("://")[1].rpartition(":")[0]
            for run_id in (task.split("-")[1] for task in tasks if task.startswith("train-")):
                been = self.places.setdefault(run_id, [])
                if host not in been[-1:]:
                    been.append(host)

    def last(self) -> Counter[str]:
        """How many runs each host was the last to train."""
        return Counter(been[-1] for been in self.places.values())


@contextmanager
def lab_on(folder: Path, scheduler: Host, workers: Sequence[Host]) -> Iterator[Lab]:
    """An engine whose cluster is spread over these hosts, warm."""
    cluster = Cluster(folder / "cluster", settings={"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{NOTICE_S}s"})
    try:
        cluster.start(scheduler)
        for host in workers:
            cluster.add_worker(host.name, host)
        with cluster.let_in(), own_lab(folder / "home") as lab:
            lab.engine._connection.client().wait_for_workers(len(workers), timeout=120)
            lab.engine._connection.warm_up()
            for future in lab.engine._connection._warming:
                future.result()
            yield lab
    finally:
        cluster.end()


def twelve(epochs: int) -> SweepPlan:
    """The lecture's network on MNIST's sample: four learning rates by three batch sizes."""
    base = run_config(data=RunConfig().data.replace(train=("mnist-5k",), test=("mnist-5k",)), epochs=epochs)
    varied = [parse_varied("learning_rate=0.0003,0.001,0.003,0.01"), parse_varied("batch_size=64,128,256")]
    return SweepPlan(base=base, varied=varied)


@dataclass
class Sweeping:
    """A sweep on its way."""

    lab: Lab
    sweeps: SweepStore
    sweep: Sweep
    watch: Watch

    def runs(self, *statuses: str) -> list[Run]:
        return [run for run in self.sweeps.runs(self.sweep.id) if run.status in statuses]

    def wait_for(self, finished: int) -> None:
        """Until so many runs have finished; `AssertionError` where one ended in another way."""

        def are_there() -> bool:
            self.watch.look(self.lab)
            assert not self.runs("failed", "diverged", "interrupted", "stopped")
            return len(self.runs("finished")) >= finished

        wait_for(are_there, PATIENCE_S, f"{finished} runs of the sweep")


@contextmanager
def sweeping(lab: Lab, plan: SweepPlan) -> Iterator[Sweeping]:
    digits = read_mnist_5k()
    sweeps = SweepStore(lab.store._database)
    conductor = Conductor(lab.engine, lab.store, sweeps, lambda config: prepared(config, lambda name: digits))
    try:
        yield Sweeping(lab, sweeps, conductor.start(plan), Watch())
    finally:
        conductor.close()


def seconds_of(sweep: Sweeping) -> float:
    """From the start of its first run to the end of its last."""
    runs = sweep.runs("finished")
    return max(run.finished for run in runs) - min(run.started for run in runs)


def equal_to_one_machine(sweep: Sweeping) -> int:
    """How many of the runs have the very numbers of one that was trained in this process, on one thread."""
    import torch

    digits, before = [read_mnist_5k()], torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return sum(
            sweep.lab.epochs(run) == [numbers(epoch) for epoch in epochs_in(Training(run.config, digits, digits).run())]
            for run in sweep.runs("finished")
        )
    finally:
        torch.set_num_threads(before)


def measurements(quick: bool) -> Iterator[Measurement]:
    plan = twelve(epochs=1 if quick else 3)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    weight = read_mnist_5k().images.nbytes
    with hosts(3) as (scheduler, *workers), tempfile.TemporaryDirectory() as folder:
        for turn in range(1 if quick else 3):
            for count in seconds:
                place = Path(folder) / f"{turn}-{count}"
                place.mkdir()
                before = [host.received() for host in workers]
                with lab_on(place, scheduler, workers[:count]) as lab, sweeping(lab, plan) as sweep:
                    sweep.wait_for(RUNS)
                    seconds[count].append(seconds_of(sweep))
                    if turn == 0 and count == 2:
                        yield counted("runs on the host that had fewer of 12", "", min(sweep.watch.last().values()))
                        came = max(host.received() - past for host, past in zip(workers, before, strict=True))
                        yield counted(
                            "came in by a worker's cable, over its dataset's size", "×", came / weight, Target(2.0)
                        )
        yield measured("12 runs on one worker", "s", seconds[1])
        yield measured("12 runs on two workers", "s", seconds[2])
        yield ratio("one worker's time over two workers'", seconds[1], seconds[2], target=Target(1.7, at_least=True))
        yield from while_a_cable_is_pulled(Path(folder) / "cut", scheduler, workers, plan)


def while_a_cable_is_pulled(
    folder: Path, scheduler: Host, workers: Sequence[Host], plan: SweepPlan
) -> Iterator[Measurement]:
    folder.mkdir()
    cut, other = workers
    with lab_on(folder, scheduler, workers) as lab, sweeping(lab, plan) as sweep:
        sweep.wait_for(RUNS // 3)
        lost = wait_for(lambda: training_on(cut, sweep), PATIENCE_S, "a run on the host that is about to be cut off")
        cut.plug(False)
        began = time.monotonic()
        client = lab.engine._connection.client()
        wait_for(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == 1, PATIENCE_S, "the loss to be noticed")
        yield counted("pulled cable → noticed", "s", time.monotonic() - began, note=f"set to {NOTICE_S} s")
        sweep.wait_for(RUNS)
        moved = sum(sweep.watch.places[run_id][-1] == other.address for run_id in lost)
        share = Target(len(lost), at_least=True)
        yield counted("runs that were cut off in the middle and finished on the other host", "", moved, share)
        same = equal_to_one_machine(sweep)
        yield counted("of 12 runs, those with the numbers of one machine", "", same, Target(RUNS, at_least=True))
        cut.plug()


def training_on(host: Host, sweep: Sweeping) -> list[str]:
    """The runs that are in the middle of it there."""
    sweep.watch.look(sweep.lab)
    return [
        run.id
        for run in sweep.runs("running")
        if sweep.watch.places.get(run.id, [""])[-1] == host.address and 0.1 < run.progress < 0.6
    ]
