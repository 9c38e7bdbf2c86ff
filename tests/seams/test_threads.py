"""How many threads a run trains with is kept with it, used again where it goes on, and written into its script."""

import pytest
import torch

from digits_core.data.builtin import read_optdigits
from digits_core.engine import connection
from digits_core.engine.sweep_conductor import Conductor
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.runs.sweep_store import SweepStore
from digits_core.training.events import EpochFinished, Started
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from digits_core.training.threads import cores, parallel_runs
from tests.unit.engine.conftest import FOREVER, config, own_lab, reference
from tests.unit.helpers import epochs_in, numbers, wait_for


def load(name):
    return read_optdigits()


def threads_in(events) -> list[int]:
    return [event.environment["threads"] for event in events if isinstance(event, Started)]


def test_a_run_goes_on_with_the_threads_it_began_with_and_leaves_the_process_as_it_was(tmp_path):
    before, began = torch.get_num_threads(), []
    training = execute(config(4), load, Artifacts(tmp_path / "run"), threads=3)
    for event in training:
        began.append(event)
        if isinstance(event, EpochFinished):
            training.close()
    again = list(execute(config(4), load, Artifacts(tmp_path / "run"), threads=1))

    assert threads_in(began) == threads_in(again) == [3]
    assert [numbers(epoch) for epoch in epochs_in(again)] == reference(config(4), threads=3)
    assert torch.get_num_threads() == before


@pytest.mark.skipif(cores() < 2, reason="one processor trains one trial at a time")
def test_trials_train_side_by_side_with_one_thread_each_and_train_again_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv(connection.SCHEDULER_VARIABLE, raising=False)
    with own_lab(tmp_path / "home") as lab:
        sweeps = SweepStore(lab.store._database)
        conductor = Conductor(lab.engine, lab.store, sweeps, lambda config: config)
        sweep = conductor.start(SweepPlan(base=FOREVER, varied=[parse_varied("learning_rate=0.001,0.002")]))
        wait_for(lambda: len(sweeps.runs(sweep.id)) == 2, what="both trials")
        trials = sweeps.runs(sweep.id)
        for trial in trials:
            lab.wait_for_epoch(trial, 1)
        assert {lab.store.get(trial.id).status for trial in trials} == {"running"}
        conductor.stop(sweep)
        first, _ = [lab.wait_until(trial, "stopped") for trial in trials]
        conductor.close()

        wait_for(lambda: len(lab.engine._connection._workers()) == parallel_runs(), what="the end of the second worker")
        assert first.environment["threads"] == first.threads == 1
        again = lab.engine.submit(config(3), threads=first.threads)
        lab.wait_until(again, "finished")
        assert lab.epochs(again) == reference(config(3), threads=1)
