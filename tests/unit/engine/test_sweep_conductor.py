"""Sweeps by running them: trials submitted, underperforming ones stopped, pause and stop, continuing after a kill."""

import re
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from digits_core.data.builtin import read_optdigits
from digits_core.engine.sweep_conductor import Conductor
from digits_core.errors import DatasetError, RunError
from digits_core.runs.sweep_store import Sweep, SweepStore
from digits_core.training.check import prepared
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.unit.engine.conftest import PATIENCE_S, Lab, config, own_lab, wait_until_gone
from tests.unit.helpers import wait_for

pytestmark = pytest.mark.usefixtures("quiet_afterwards")


def plan(*varied: str, epochs: int = 1, **fields) -> SweepPlan:
    return SweepPlan(base=config(epochs), varied=[parse_varied(text) for text in varied], **fields)


def conductor_of(lab: Lab) -> Conductor:
    digits = read_optdigits()

    def load(name: str):
        if name != "optdigits":
            raise DatasetError(f"There is no {name}.")
        return digits

    return Conductor(lab.engine, lab.store, SweepStore(lab.store._database), lambda config: prepared(config, load))


@pytest.fixture
def sweeps(lab) -> SweepStore:
    return SweepStore(lab.store._database)


@pytest.fixture
def conductor(lab) -> Iterator[Conductor]:
    conductor = conductor_of(lab)
    yield conductor
    for sweep in SweepStore(lab.store._database).sweeps():
        conductor.stop(sweep)
    wait_for(lambda: not lab.store.live(), PATIENCE_S, "the end of all trials")
    conductor.close()


def wait_until(sweeps: SweepStore, sweep: Sweep, status: str) -> Sweep:
    def stands() -> Sweep | None:
        now = sweeps.get(sweep.id)
        assert now.status in ("running", "paused", status), f"the sweep is {now.status}: {now.message}"
        return now if now.status == status else None

    return wait_for(stands, PATIENCE_S, f"the sweep being {status}")


def statuses(sweeps: SweepStore, sweep: Sweep) -> list[str]:
    return [run.status for run in sweeps.runs(sweep.id)]


def test_a_grid_trains_every_combination_with_every_seed_once(conductor, sweeps):
    sweep = conductor.start(plan("learning_rate=0.001,0.01", "batch_size=128,256", seeds=2))
    wait_until(sweeps, sweep, "finished")
    runs = sweeps.runs(sweep.id)
    trained = [
        (run.config.training.learning_rate, run.config.training.batch_size, run.config.training.seed) for run in runs
    ]

    assert trained == [(rate, size, seed) for rate in (0.001, 0.01) for size in (128, 256) for seed in (0, 1)]
    assert {run.status for run in runs} == {"finished"}
    assert runs[0].name == "learning rate 0.001 · batch size 128 · seed 0"


def test_a_trial_that_diverges_does_not_end_the_sweep(conductor, sweeps):
    sweep = conductor.start(plan("learning_rate=100,0.01", "optimizer=sgd", epochs=2))
    wait_until(sweeps, sweep, "finished")

    assert statuses(sweeps, sweep) == ["diverged", "finished"]


def test_what_the_data_cannot_do_is_refused_before_anything_is_written(conductor, sweeps):
    before = len(sweeps.sweeps())
    with pytest.raises(DatasetError, match="batch size 4096 is larger"):
        conductor.start(plan("batch_size=64..4096"))

    assert len(sweeps.sweeps()) == before


def test_a_run_of_somebody_else_waits_for_one_trial_and_not_for_the_sweep(lab, conductor, sweeps):
    sweep = conductor.start(plan("dropout=0..0.9", points=20, epochs=2), "the sweeper")
    wait_for(lambda: "finished" in statuses(sweeps, sweep), PATIENCE_S, "the first trial")
    before = {run.id for run in sweeps.runs(sweep.id)}
    single = lab.wait_until(lab.engine.submit(config(1), "somebody else"), "finished")
    started = [run.started for run in sweeps.runs(sweep.id) if run.id not in before and run.started]
    later = [when for when in started if when < single.started]

    assert sum(status == "queued" for status in statuses(sweeps, sweep)) <= 2
    assert len(later) <= 1


def test_a_paused_sweep_rests_its_trial_withdraws_the_next_and_goes_on_where_it_was(lab, conductor, sweeps):
    sweep = conductor.start(plan("learning_rate=0.0001,0.0002", epochs=1000))
    trial = wait_for(lambda: sweeps.runs(sweep.id), PATIENCE_S, "a trial")[0]
    lab.wait_for_epoch(trial, 1)
    wait_for(lambda: len(sweeps.runs(sweep.id)) == 2, what="the one that waits")
    conductor.pause(sweep)
    lab.wait_until(trial, "paused")
    wait_for(lambda: statuses(sweeps, sweep) == ["paused"], what="an empty queue")
    rested = len(lab.epochs(trial))
    conductor.go_on(sweep)
    lab.wait_for_epoch(trial, rested + 1)
    wait_for(lambda: len(sweeps.runs(sweep.id)) == 2, what="the next one again")

    assert sweeps.get(sweep.id).status == "running"
    assert lab.history(trial) == ["paused", "resumed"]


def test_a_stopped_sweep_keeps_what_was_learnt_and_can_be_continued(lab, conductor, sweeps):
    sweep = conductor.start(plan("learning_rate=0.001", epochs=1000))
    trial = wait_for(lambda: sweeps.runs(sweep.id), PATIENCE_S, "a trial")[0]
    lab.wait_for_epoch(trial, 1)
    conductor.stop(sweep)
    stopped = lab.wait_until(trial, "stopped")
    conductor.go_on(sweep)
    wait_for(lambda: lab.store.get(trial.id).status == "running", PATIENCE_S, "the trial going on")

    assert stopped.message == "Stopped with its sweep, and goes on with it."
    assert stopped.test_accuracy is not None
    assert sweeps.get(sweep.id).status == "running"


def test_a_finished_sweep_has_nothing_to_continue(conductor, sweeps):
    sweep = conductor.start(plan("learning_rate=0.001"))
    wait_until(sweeps, sweep, "finished")
    with pytest.raises(RunError, match="nothing to continue"):
        conductor.go_on(sweep)


def test_a_trial_behind_the_others_is_stopped_with_the_reason(lab, conductor, sweeps):
    rates = "learning_rate=0.01,0.009,0.008,0.007,0.0000001"
    sweep = conductor.start(plan(rates, epochs=3, stop_underperforming=True))
    wait_for(lambda: len(sweeps.runs(sweep.id)) == 5, PATIENCE_S, "the fifth trial")
    behind = sweeps.runs(sweep.id)[-1]
    lab.engine.order(behind, epochs=1000)  # it would train for minutes
    wait_until(sweeps, sweep, "finished")

    assert statuses(sweeps, sweep) == ["finished"] * 4 + ["stopped"]
    ended = lab.store.get(behind.id)
    assert ended.stop_reason == "underperforming"
    assert re.fullmatch(r"Stopped early at epoch \d+: accuracy below the median of the other trials\.", ended.message)


APP = """
import sys
from pathlib import Path
from digits_core.database import Database
from digits_core.engine.service import Engine
from digits_core.engine.sweep_conductor import Conductor
from digits_core.home import Home
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from digits_core.training.sweep_plan import SweepPlan, parse_varied
from tests.unit.engine.conftest import config

if __name__ == "__main__":
    home = Home(Path(sys.argv[1])).create()
    database = Database(home.database)
    store = RunStore(database)
    engine = Engine(home, store)
    conductor = Conductor(engine, store, SweepStore(database), lambda config: config)
    conductor.start(SweepPlan(base=config(1), varied=[parse_varied("epochs=2,1000,3")]))
    sys.stdin.read()
"""


def test_a_sweep_whose_app_was_killed_is_continued_by_the_next_one(tmp_path):
    app = psutil.Popen([sys.executable, "-c", APP, str(tmp_path / "home")], stdin=subprocess.PIPE)
    with own_lab(tmp_path / "home") as lab:
        sweeps = SweepStore(lab.store._database)
        (sweep,) = wait_for(sweeps.sweeps, PATIENCE_S, "the other app's sweep")
        wait_for(lambda: len(sweeps.runs(sweep.id)) >= 2, PATIENCE_S, "its long trial")
        long = sweeps.runs(sweep.id)[1]
        lab.wait_for_epoch(long, 2)
        assert lab.store.interrupt_orphans() == []  # while it lives, it is nobody else's
        family = app.children(recursive=True)
        app.kill()
        app.communicate()
        wait_until_gone(family)
        lab.store.interrupt_orphans()
        interrupted = sweeps.get(sweep.id)
        before = lab.epochs(long)
        conductor = conductor_of(lab)
        conductor.go_on(interrupted)
        wait_for(lambda: lab.store.get(long.id).status == "running", PATIENCE_S, "the trial going on")
        lab.engine.order(long, epochs=len(before) + 2)
        wait_until(sweeps, sweep, "finished")
        conductor.close()

        assert interrupted.status == "interrupted"
        assert statuses(sweeps, sweep) == ["finished"] * 3
        assert lab.epochs(long)[: len(before)] == before
