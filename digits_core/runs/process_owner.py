"""Identify the process that a run belongs to, robustly against reuse of its process id, and tell whether it is alive.

A process of this host is looked up in the system's process table. A process of another host cannot be: it renews a
heartbeat in the database (`heartbeat.py`), and counts as dead when that is older than `STALE_S`.

A heartbeat is compared across system clocks: the owner writes the time of its clock, the reader compares it with its
own. The clocks of hosts that share a home have to agree to within a minute. Containers on one machine always do, and
SQLite's write-ahead log needs one machine. A wrong clock does no harm: a heartbeat that seems to come from the future
is treated as one from the past, and an owner that was given up too early takes its runs back (`Owners.beat`).
"""

from __future__ import annotations

import os
import platform
import time
from functools import lru_cache
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STALE_S = 60.0
"""A process whose heartbeat is older counts as dead."""


def this_process() -> str:
    """Return host, process id and start time of the calling process, constant for its lifetime."""
    return _identity(os.getpid())


def is_local(owner: str) -> bool:
    """Return True if the process was started on this host, judging by the host name."""
    return owner == this_process() or owner.rpartition(":")[0].rpartition(":")[0] == platform.node()


def is_alive(owner: str, seen: float | None = None) -> bool:
    """Return True if that process is still running.

    Args:
        owner: The identity of the process, as `this_process` returned it there.
        seen: The time of its last heartbeat, in seconds since 1970; `None` if it has none. Only used for processes of
            other hosts.
    """
    if owner == this_process():
        return True  # even if the host has been renamed since
    if not is_local(owner):
        return seen is not None and abs(time.time() - seen) <= STALE_S
    _, pid, beginning = owner.rsplit(":", 2)
    try:
        process = psutil.Process(int(pid))
        # A killed process stays in the process table until its parent has waited for it.
        return _beginning(process) == beginning and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@lru_cache(maxsize=1)
def _identity(pid: int) -> str:
    """Return the process's identity, cached: on macOS the host's name in it changes with the network."""
    return f"{platform.node()}:{pid}:{_beginning(psutil.Process(pid))}"


def _beginning(process: psutil.Process) -> str:
    """Return the start of a process, by a clock that does not change when the system time is set."""
    try:
        # The 22nd field: ticks since the machine started. The second, a name, may contain spaces and brackets.
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{BOOT_ID.read_text().strip()}.{ticks}"
    except FileNotFoundError:
        if BOOT_ID.exists():
            raise psutil.NoSuchProcess(process.pid) from None
        # Not Linux: the clock time that the system records when the process starts.
        return f"{process.create_time():.2f}"
