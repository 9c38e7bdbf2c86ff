"""Runs that train in another process are controlled from this one, and their numbers stay those of their history."""

import psutil
import pytest

from digits_core.errors import ConfigError, RunError
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.store import Run
from digits_core.training.events import Finished
from tests.unit.engine.conftest import FOREVER, Lab, config, reference, trainer
from tests.unit.helpers import wait_for

pytestmark = pytest.mark.usefixtures("quiet_afterwards")


def finish(lab: Lab, run: Run) -> Run:
    """Let a run that could go on for ever train two epochs more; however fast the machine, nothing comes too late."""
    lab.engine.order(run, epochs=len(lab.epochs(run)) + 2)
    return lab.wait_until(run, "finished")


def test_a_run_that_is_changed_paused_and_killed_has_the_numbers_of_one_that_was_only_changed(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 3)
    lab.engine.order(run, learning_rate=0.0004)
    wait_for(lambda: lab.changes(run), what="the change")
    lab.engine.pause(run)
    lab.wait_until(run, "paused")
    trainer().kill()
    wait_for(lambda: lab.history(run).count("paused") == 2, what="the pause of the next worker")
    lab.engine.go_on(run)
    done = len(lab.epochs(run))
    lab.wait_for_epoch(run, done + 3)
    trainer().kill()
    epochs = finish(lab, run).planned_epochs
    change, *_ = lab.changes(run)

    assert (change.what, change.value) == ("learning_rate", 0.0004)
    assert lab.epochs(run) == reference(config(epochs), [change])
    # A thousand epochs of twelve batches: every third loss is kept.
    losses = [(row.epoch, row.batch) for row in lab.store.batches(run.id)]
    assert losses == [(epoch, batch) for epoch in range(1, epochs + 1) for batch in (1, 4, 7, 10)]
    assert [row.epoch for row in lab.store.details(run.id)] == list(range(1, epochs + 1))


def test_a_run_trains_as_many_epochs_as_were_ordered_while_it_trained(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 1)
    lab.engine.order(run, epochs=4)
    finished = lab.wait_until(run, "finished")

    assert finished.planned_epochs == len(lab.epochs(run)) >= 4
    assert lab.epochs(run) == reference(config(finished.planned_epochs))


@pytest.mark.parametrize("wish", [{"epochs": 0}, {"epochs": 5000}, {"learning_rate": -1.0}, {"learning_rate": 0}])
def test_what_no_config_may_hold_cannot_be_ordered(lab: Lab, wish):
    run = lab.engine.submit(FOREVER)

    with pytest.raises(ConfigError, match=next(iter(wish))):
        lab.engine.order(run, **wish)


def test_what_a_task_repeats_after_its_run_was_resumed_does_not_count(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 1)
    task = lab.engine._futures[run.id].key
    lab.engine.stop(run)
    stopped = lab.wait_until(run, "stopped")
    wait_for(lambda: run.id not in lab.engine._futures, what="the task to be over")
    lab.engine.resume(stopped)
    lab.engine._inbox.put(task, run.id, Finished("stopped", 1, None, None, 0.0, "Stopped by hand."))

    lab.wait_for_epoch(run, len(lab.epochs(run)) + 1)
    lab.engine.stop(run)
    lab.wait_until(run, "stopped")


def test_a_stopped_run_that_is_resumed_has_the_numbers_of_an_undisturbed_one(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 2)
    lab.engine.stop(run)
    stopped = lab.wait_until(run, "stopped")
    assert lab.engine.resume(stopped).live
    epochs = finish(lab, run).planned_epochs

    assert lab.epochs(run) == reference(config(epochs))
    assert lab.history(run)[:2] == ["stopped", "restarted"]


def test_a_run_that_continues_a_finished_one_has_the_numbers_of_one_so_long(lab: Lab):
    parent = lab.wait_until(lab.engine.submit(config(3)), "finished")
    child = lab.engine.continue_training(parent, 2, session="me")
    finished = lab.wait_until(child, "finished")

    assert (child.parent, child.session, child.config.training.epochs) == (parent.id, "me", 5)
    assert lab.epochs(child) == reference(config(5))
    assert [epoch for epoch, *_ in lab.epochs(parent)] == [1, 2, 3]
    assert finished.seconds > parent.seconds
    assert Artifacts(lab.home.run(parent.id)).load_checkpoint()["training"]["epochs_done"] == 3


def test_a_run_without_an_epoch_cannot_be_continued(lab: Lab):
    lab.engine.submit(FOREVER)
    cancelled = lab.engine.submit(config(1))
    lab.engine.stop(cancelled)

    with pytest.raises(RunError, match=r"cannot be continued\. It ended before its first epoch did"):
        lab.engine.continue_training(cancelled, 1)


def test_sessions_take_turns_and_waiting_runs_move_and_leave(lab: Lab):
    first = lab.engine.submit(FOREVER, "anna")
    lab.wait_for_epoch(first, 1)
    anna = [lab.engine.submit(config(1), "anna") for _ in range(2)]
    ben = lab.engine.submit(config(1), "ben")
    assert [run.id for run in lab.store.queue()] == [ben.id, *(run.id for run in anna)]
    lab.engine.move(anna[1], -2)
    lab.engine.stop(anna[0])
    assert [run.id for run in lab.store.queue()] == [anna[1].id, ben.id]
    lab.engine.stop(first)
    runs = [lab.wait_until(run, "finished") for run in (anna[1], ben)]

    assert runs[0].finished <= runs[1].started
    assert lab.store.get(anna[0].id).started is None


def test_a_paused_run_makes_room_and_goes_on_when_it_may(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 2)
    lab.engine.pause(run)
    lab.wait_until(run, "paused")
    lab.wait_until(lab.engine.submit(config(1)), "finished")
    assert lab.store.get(run.id).status == "paused"
    lab.engine.go_on(run)
    epochs = finish(lab, run).planned_epochs

    assert lab.epochs(run) == reference(config(epochs))
    assert lab.history(run)[:2] == ["paused", "resumed"]


def test_a_paused_run_that_made_room_can_be_stopped(lab: Lab):
    run = lab.engine.submit(FOREVER)
    lab.wait_for_epoch(run, 2)
    lab.engine.pause(run)
    lab.wait_until(lab.engine.submit(config(1)), "finished")
    lab.engine.stop(run)

    assert lab.store.get(run.id).status == "stopped"
    assert len(lab.store.usable()) >= 1


@pytest.mark.skipif(not psutil.LINUX, reason="the memory of another process is limited on Linux alone")
def test_a_worker_that_runs_out_of_memory_fails_its_run_in_words_and_trains_the_next(lab: Lab):
    lab.wait_until(lab.engine.submit(config(2)), "finished")
    worker = trainer()
    before = worker.rlimit(psutil.RLIMIT_AS)
    worker.rlimit(psutil.RLIMIT_AS, (worker.memory_info().vms + (100 << 20), before[1]))
    greedy = FOREVER.replace(transform=FOREVER.transform.replace(size=64))
    run = lab.engine.submit(greedy.replace(training=greedy.training.replace(batch_size=1400)))
    failed = lab.wait_until(run, "failed")
    worker.rlimit(psutil.RLIMIT_AS, before)

    assert "not enough memory" in failed.message
    lab.wait_until(lab.engine.submit(config(1)), "finished")
    assert worker.is_running()
