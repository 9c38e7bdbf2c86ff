"""Training on a cluster that exists already and shares no folder with the app: Dask's own scheduler and workers."""

import json
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from distributed import Client

from digits_core.__main__ import main
from digits_core.engine import remote_training
from digits_core.runs.artifacts import Artifacts
from digits_core.training.threads import cores
from tests.clusters import NOTICE_S, Cluster, Host, NoHosts, hosts
from tests.unit.engine.conftest import FOREVER, Lab, config, own_lab, reference

THREADS = max(1, cores() // 2)
"""Two workers share this machine."""


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    """Two workers, and this process set up to be let in."""
    started = Cluster(tmp_path / "cluster")
    try:
        started.start()
        for name in ("one", "two"):
            started.add_worker(name)
        with started.let_in():
            wait_for_workers(started, 2)
            yield started
    finally:
        started.end()


def wait_for_workers(cluster: Cluster, count: int) -> None:
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=120)


@pytest.fixture
def lab(tmp_path, cluster) -> Iterator[Lab]:
    with own_lab(tmp_path / "home") as own:
        own.engine.warm_up()
        yield own


def datasets_fetched() -> int:
    """How many datasets this worker has fetched."""
    return remote_training.fetch.cache_info().misses


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


def test_machines_that_are_switched_off_leave_their_runs_to_the_others_and_to_new_ones(lab: Lab, cluster: Cluster):
    runs = [lab.engine.submit(config(24, seed=seed)) for seed in (1, 2)]
    for run in runs:
        lab.wait_for_epoch(run, 1)
    fetched = lab.engine._connection.client().run(datasets_fetched)
    cluster.kill("one")
    for run in runs:
        lab.wait_until(run, "finished")
        assert lab.epochs(run) == reference(run.config, threads=THREADS)
    assert list(fetched.values()) == [1, 1], "one dataset, once for each worker: to warm up, and to train"

    # With the last of them the data go that wait on the cluster: who comes then finds none.
    last = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(last, 1)
    cluster.kill("two")
    before = len(lab.epochs(last))
    cluster.add_worker("three")
    lab.engine.order(last, epochs=before + 2)
    lab.wait_until(last, "finished")
    assert lab.epochs(last)[before:]
    assert [epoch for epoch, *_ in lab.epochs(last)] == list(range(1, before + 3))


def test_a_sweep_of_the_shell_trains_there_too(cluster: Cluster, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    before = signal.getsignal(signal.SIGINT)
    status = main(
        ["sweep", "--vary", "learning_rate=0.001,0.002,0.003", "--epochs", "1", "--batch-size", "128", "--json"]
    )
    signal.signal(signal.SIGINT, before)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert status == 0
    assert Counter(each["event"] for each in said) == {
        "sweep": 1,
        "trial": 3,
        "epoch": 3,
        "finished": 3,
        "sweep_finished": 1,
    }
    assert (said[0]["event"], said[-1]["event"]) == ("sweep", "sweep_finished")
    with Client(cluster.address, set_as_default=False) as client:
        assert sum(client.run(datasets_fetched).values()) >= 1, "the workers had something to train"


def test_a_cluster_that_goes_away_interrupts_its_runs(lab: Lab, cluster: Cluster):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 1)
    cluster.kill("scheduler")

    assert "cannot be reached" in lab.wait_until(run, "interrupted").message


def test_a_host_whose_cable_is_pulled_leaves_its_run_to_the_other(tmp_path):
    """No socket is closed, as when a process dies: nobody hears of it, until the silence has lasted too long."""
    try:
        with hosts(2) as (here, there):
            cluster = Cluster(tmp_path / "cluster", settings={"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{NOTICE_S}s"})
            try:
                cluster.start(here)
                for host in (here, there):
                    cluster.add_worker(host.name, host)
                with cluster.let_in(), own_lab(tmp_path / "home") as lab:
                    wait_for_workers(cluster, 2)
                    pull_a_cable_in_the_middle(lab, there)
            finally:
                cluster.end()
    except NoHosts as reason:
        pytest.skip(f"no hosts here: {reason}")


def pull_a_cable_in_the_middle(lab: Lab, there: Host) -> None:
    runs = [lab.engine.submit(config(400, seed=seed)) for seed in (1, 2)]
    for run in runs:
        lab.wait_for_epoch(run, 1)
    there.plug(False)
    for run in runs:
        lab.engine.order(run, epochs=len(lab.epochs(run)) + 2)
    for run in runs:
        epochs = lab.wait_until(run, "finished").planned_epochs
        assert lab.epochs(run) == reference(config(epochs, seed=run.config.training.seed), threads=1)
