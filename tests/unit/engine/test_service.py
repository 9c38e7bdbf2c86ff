"""Runs are handed to real workers: they queue, train, stop, and outlive a worker that dies."""

from itertools import pairwise

import psutil
import pytest

from digits_core.config import DataConfig
from digits_core.engine import connection
from digits_core.runs.artifacts import Artifacts
from tests.unit.engine.conftest import FOREVER, Lab, cluster_of, config, own_lab, trainer, wait_until_gone
from tests.unit.helpers import wait_for

pytestmark = pytest.mark.usefixtures("quiet_afterwards")


def test_a_run_is_queued_then_running_then_finished_with_all_epochs(lab: Lab):
    run = lab.engine.submit(config(4))
    assert run.status == "queued"
    lab.wait_until(run, "running", "finished")
    finished = lab.wait_until(run, "finished")

    assert [epoch for epoch, *_ in lab.epochs(run)] == [1, 2, 3, 4]
    assert finished.progress == 1
    assert finished.test_accuracy == lab.epochs(run)[-1][4]
    assert finished.environment["datasets"].keys() == {"optdigits"}


def test_a_finished_run_has_weights_and_a_test_result(lab: Lab):
    run = lab.engine.submit(config(1))
    finished = lab.wait_until(run, "finished")
    artifacts = Artifacts(lab.home.run(run.id))
    result = artifacts.load_test_result()

    assert "fc3.weight" in artifacts.load_weights()
    assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(finished.test_accuracy)


def test_the_same_config_gives_the_same_numbers_in_another_run(lab: Lab):
    first, second = (lab.engine.submit(config(2)) for _ in range(2))
    lab.wait_until(second, "finished")

    assert lab.epochs(first) == lab.epochs(second)


def test_runs_train_one_after_the_other_in_the_order_of_submission(lab: Lab):
    submitted = [lab.engine.submit(config(2)) for _ in range(4)]
    runs = [lab.wait_until(run, "finished") for run in submitted]

    for before, after in pairwise(runs):
        assert after.started >= before.finished


def test_a_running_run_that_is_stopped_keeps_usable_weights(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 2)
    lab.engine.stop(lab.store.get(run.id))
    stopped = lab.wait_until(run, "stopped")
    result = Artifacts(lab.home.run(run.id)).load_test_result()

    assert (result.logits.argmax(axis=1) == result.labels).mean() == pytest.approx(stopped.test_accuracy)
    assert lab.store.find("latest").id == run.id


def test_stopping_by_a_copy_from_before_the_start_stops_the_running_run(lab: Lab):
    queued = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(queued, 1)
    lab.engine.stop(queued)

    assert lab.wait_until(queued, "stopped").message == "Stopped by hand."


def test_a_queued_run_that_is_stopped_never_starts(lab: Lab):
    first, second = lab.engine.submit(FOREVER), lab.engine.submit(FOREVER)
    lab.wait_for_epoch(first, 1)
    lab.engine.stop(second)
    assert lab.store.get(second.id).status == "stopped"
    lab.engine.stop(first)
    third = lab.engine.submit(config(1))
    lab.wait_until(third, "finished")

    assert lab.store.get(second.id).started is None
    assert lab.epochs(second) == []
    assert not lab.home.run(second.id).exists()


def test_stopping_a_run_that_has_ended_changes_nothing(lab: Lab):
    finished = lab.wait_until(lab.engine.submit(config(1)), "finished")
    lab.engine.stop(finished)
    after = lab.wait_until(lab.engine.submit(config(1)), "finished")

    assert lab.store.get(finished.id) == finished
    assert after.status == "finished"


def test_a_run_that_diverges_says_so(lab: Lab):
    run = lab.engine.submit(config(3, optimizer="sgd", loss="mse", learning_rate=100))

    assert "in epoch 1" in lab.wait_until(run, "diverged").message


def test_a_run_without_its_data_fails_in_words_and_the_next_one_trains(lab: Lab):
    missing = lab.engine.submit(config(1).replace(data=DataConfig(train=("mnist",))))
    after = lab.engine.submit(config(1))

    assert "not downloaded yet" in lab.wait_until(missing, "failed").message
    lab.wait_until(after, "finished")


def test_a_run_outlives_its_worker_with_every_epoch_once_and_the_same_numbers(lab: Lab):
    undisturbed = lab.engine.submit(config(12))
    lab.wait_until(undisturbed, "finished")
    disturbed = lab.engine.submit(config(12))
    lab.wait_for_epoch(disturbed, 3)
    victim = trainer()
    victim.kill()
    finished = lab.wait_until(disturbed, "finished")

    assert not victim.is_running()
    assert finished.progress == 1
    assert lab.epochs(disturbed) == lab.epochs(undisturbed)


def test_a_cluster_that_is_killed_interrupts_its_run_and_the_next_one_trains(tmp_path, monkeypatch):
    monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
    with own_lab(tmp_path) as lab:
        run = lab.engine.submit(FOREVER)
        lab.wait_for_epoch(run, 1)
        wait_for(lambda: cluster_of(psutil.Process(), lab.home.folder), what="the cluster's process").kill()
        assert "ended unexpectedly" in lab.wait_until(run, "interrupted").message
        lab.wait_until(lab.engine.submit(config(1)), "finished")


def test_a_death_that_is_noticed_late_does_not_end_the_cluster_that_came_after(tmp_path, monkeypatch):
    """The connection breaks and the process is gone: whoever watches which is told when its thread gets its turn."""
    notices = []

    class Watched(connection.EmbeddedCluster):
        def __init__(self, folder, workers, ended):
            notices.append(ended)
            super().__init__(folder, workers, ended)

    monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
    monkeypatch.setattr(connection, "EmbeddedCluster", Watched)
    with own_lab(tmp_path) as lab:
        first = lab.engine.submit(FOREVER)
        lab.wait_for_epoch(first, 1)
        wait_for(lambda: cluster_of(psutil.Process(), lab.home.folder), what="the cluster's process").kill()
        lab.wait_until(first, "interrupted")
        second = lab.engine.submit(FOREVER)
        lab.wait_for_epoch(second, 1)
        notices[0]()
        seen = len(lab.epochs(second))
        lab.wait_for_epoch(second, seen + 2)

        assert len(notices) == 2


def test_without_a_scheduler_at_its_address_a_run_fails_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv(connection.SCHEDULER_VARIABLE, "tcp://127.0.0.1:9")
    monkeypatch.setattr(connection, "START_TIMEOUT_S", 1)
    with own_lab(tmp_path / "home") as own:
        run = own.engine.submit(config(1))

        assert "scheduler at tcp://127.0.0.1:9 does not answer" in own.wait_until(run, "failed").message


def test_closing_ends_every_process_in_the_middle_of_a_run(tmp_path, lab):
    """A second engine of its own, beside the one of the other tests."""
    before = set(psutil.Process().children())
    with own_lab(tmp_path / "home") as own:
        run = own.engine.submit(FOREVER)
        own.wait_for_epoch(run, 1)
        (cluster,) = [
            each for each in set(psutil.Process().children()) - before if "digits_core.engine" in each.cmdline()
        ]
        processes = [cluster, *cluster.children(recursive=True)]
        own.engine.close()
        wait_until_gone(processes)

        assert len(processes) > 1
        assert [each.id for each in own.store.interrupt_orphans(lambda owner: False)] == [run.id]
