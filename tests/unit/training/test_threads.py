"""How the processors of a machine are shared out."""

import os
import subprocess
import sys

import pytest

from digits_core.training.threads import cores, speed_of_trials, threads_of_worker, threads_per_run, trials_at_once


@pytest.mark.parametrize(
    ("workers", "usable", "machine", "threads"),
    [(1, 8, 8, 8), (4, 8, 8, 2), (3, 8, 8, 2), (16, 8, 8, 1), (0, 8, 8, 8), (4, 2, 8, 2), (1, 2, 64, 2)],
    ids=["alone", "four", "three", "more than processors", "not seen yet", "bound by SLURM", "in a small container"],
)
def test_workers_share_a_machine_but_keep_what_is_set_aside_for_them(workers, usable, machine, threads):
    assert threads_of_worker(workers, usable, machine) == threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are bound to processors on Linux alone")
def test_a_process_that_is_bound_to_one_processor_counts_one():
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from digits_core.training.threads import cores, parallel_runs, threads_per_run
print(cores(), parallel_runs(), threads_per_run())
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert said.split() == ["1", "1", "1"]


def test_a_sweep_trains_a_trial_on_every_processor_and_is_faster_than_one_run():
    assert trials_at_once() == cores()
    assert speed_of_trials() >= 1
    assert (speed_of_trials() > 1) == (threads_per_run() > 1 or cores() > 1)


@pytest.mark.parametrize(("chosen", "holds"), [(None, "1000"), ("7", "7")], ids=["ours", "somebody's own"])
def test_threads_that_wait_soon_sleep_unless_somebody_chose_otherwise(monkeypatch, chosen, holds):
    """Said before torch is loaded: afterwards it would change nothing."""
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if chosen:
        monkeypatch.setenv("GOMP_SPINCOUNT", chosen)
    code = "import os, sys, digits_core; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert said.split() == [holds, "False"]
