"""An app that nobody uses costs next to nothing: nothing of ours wakes up, and Dask seldom does."""

import threading

import pytest

from digits_core.engine.__main__ import QUIET
from tests.unit.engine.conftest import Lab, config
from tests.unit.helpers import wait_for

pytestmark = pytest.mark.usefixtures("quiet_afterwards")

SELDOM_MS = 1000
OFTENER = {"idle-timeout", "no-workers-timeout", "find-missing"}
"""What Dask does up to four times a second and offers no setting for: comparisons."""


def often(server) -> dict[str, float]:
    """What a scheduler or worker does oftener than once a second, with the milliseconds between."""
    callbacks = {name: each.callback_time for name, each in server.periodic_callbacks.items() if each.is_running()}
    return {name: time for name, time in callbacks.items() if time < SELDOM_MS}


def often_on_scheduler(dask_scheduler) -> dict[str, float]:
    return often(dask_scheduler)


def often_on_worker(dask_worker) -> dict[str, float]:
    return often(dask_worker)


def test_while_nothing_trains_the_engines_own_thread_sleeps_until_something_comes(lab: Lab):
    run = lab.engine.submit(config(2))
    lab.wait_until(run, "running", "finished")
    lab.wait_until(run, "finished")
    wait_for(lambda: not lab.engine._is_busy(), what="nothing to do")

    assert lab.engine._inbox._patience() is None
    assert not any(isinstance(each, threading.Timer) for each in threading.enumerate())


def test_the_cluster_looks_at_itself_once_a_second_at_most(lab: Lab):
    lab.wait_until(lab.engine.submit(config(1)), "finished")
    client = lab.engine._connection.client()
    found = {"scheduler": client.run_on_scheduler(often_on_scheduler), **client.run(often_on_worker)}
    found |= {f"nanny of {address}": times for address, times in client.run(often_on_worker, nanny=True).items()}

    assert len(found) >= 3
    for where, callbacks in found.items():
        assert callbacks.keys() <= OFTENER, where
        assert all(time >= 250 for time in callbacks.values()), where
    assert QUIET["distributed.worker.profile.enabled"] is False
    assert all(each.callback_time >= 5 * SELDOM_MS for each in client._periodic_callbacks.values())
