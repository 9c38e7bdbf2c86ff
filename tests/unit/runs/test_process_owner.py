"""A run belongs to a process, and not to another one that later has its number."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from digits_core.runs.process_owner import BOOT_ID, STALE_S, is_alive, this_process

TELL_AND_WAIT = (
    "import sys; from digits_core.runs.process_owner import this_process; "
    "print(this_process(), flush=True); sys.stdin.read()"
)


@pytest.fixture
def other():
    """Another process and what it calls itself; ends when its standard input closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", TELL_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process, process.stdout.readline().strip()
    process.communicate()


def test_this_process_is_alive():
    assert is_alive(this_process())


def test_another_process_is_alive_until_it_ends(other):
    process, owner = other
    assert is_alive(owner)
    process.communicate()

    assert not is_alive(owner)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no zombies")
def test_a_killed_process_that_nobody_has_waited_for_is_not_alive(other):
    process, owner = other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table of processes

    assert psutil.pid_exists(process.pid)
    assert not is_alive(owner)


def test_a_later_process_with_the_same_number_is_another(other):
    machine, pid, _ = other[1].rsplit(":", 2)
    beginning = this_process().rpartition(":")[2]

    assert not is_alive(f"{machine}:{pid}:{beginning}")


@pytest.mark.skipif(not BOOT_ID.exists(), reason="needs Linux's account of when the machine started")
def test_setting_the_clock_changes_no_owner(other):
    """Linux moves what it says of a process's time of beginning with the clock; nothing here may depend on that."""
    _, owner = other
    boot, ticks = owner.rpartition(":")[2].split(".")

    assert boot == BOOT_ID.read_text().strip()
    assert abs(int(ticks) / os.sysconf("SC_CLK_TCK") - time.clock_gettime(time.CLOCK_BOOTTIME)) < 600


@pytest.mark.skipif(not BOOT_ID.exists(), reason="needs Linux's account of when the machine started")
def test_a_process_from_before_the_machine_was_started_again_is_another(other):
    machine, pid, beginning = other[1].rsplit(":", 2)

    assert not is_alive(f"{machine}:{pid}:00000000-0000.{beginning.rpartition('.')[2]}")


OTHER = "another-machine:1:0.00"


@pytest.mark.parametrize("ago", [0, STALE_S - 5, 5 - STALE_S])
def test_a_process_of_another_host_is_alive_while_its_heartbeat_is_fresh(ago):
    assert is_alive(OTHER, time.time() - ago)


@pytest.mark.parametrize("ago", [STALE_S + 5, -STALE_S - 5])
def test_a_process_of_another_host_has_gone_once_its_heartbeat_is_stale(ago):
    assert not is_alive(OTHER, time.time() - ago)


def test_a_process_of_another_host_that_has_no_heartbeat_has_gone():
    assert not is_alive(OTHER)


def test_a_heartbeat_does_not_keep_a_process_of_this_host_alive(other):
    process, owner = other
    process.communicate()

    assert not is_alive(owner, time.time())
