"""Identify the process that a run belongs to, robustly against reuse of its process id, and tell whether it is alive.

A process of this host is looked up in the system's table of processes. One of another host cannot be: it renews a
heartbeat in the database (`heartbeat.py`), and counts as gone when that is older than `STALE_S`.

Both ends of a heartbeat are read from the clocks on the wall: the owner writes its own, the reader compares it with its
own. Hosts that share a home have to agree to within a minute, as containers on one machine always do, because SQLite's
write-ahead log needs one machine. A clock that is wrong does no harm: a heartbeat that seems to come from the future is
treated as one from the past, and an owner that was given up too early takes its runs back (`Owners.beat`).
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
"""A heartbeat that is older tells of a process that has gone."""


def this_process() -> str:
    """Return host, process id and start of the calling process; the same as long as it lives."""
    return _identity(os.getpid())


def is_local(owner: str) -> bool:
    """Return True for a process that this host started, going by the host's name."""
    return owner == this_process() or owner.rpartition(":")[0].rpartition(":")[0] == platform.node()


def is_alive(owner: str, seen: float | None = None) -> bool:
    """Return True if that process still runs.

    Args:
        owner: What the process calls itself, as `this_process` returned it there.
        seen: When it renewed its heartbeat, in seconds since 1970; `None` if it has none. Only looked at for the
            processes of other hosts.
    """
    if owner == this_process():
        return True  # also where the host has another name by now
    if not is_local(owner):
        return seen is not None and abs(time.time() - seen) <= STALE_S
    _, pid, beginning = owner.rsplit(":", 2)
    try:
        process = psutil.Process(int(pid))
        # One that was killed stays in the table of processes until its parent has asked how it ended.
        return _beginning(process) == beginning and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@lru_cache(maxsize=1)
def _identity(pid: int) -> str:
    """Return the process's identity, cached: on macOS the host's name in it changes with the network."""
    return f"{platform.node()}:{pid}:{_beginning(psutil.Process(pid))}"


def _beginning(process: psutil.Process) -> str:
    """Return when a process began, by a clock that does not change when the time is set."""
    try:
        # The 22nd field: ticks since the machine started. The second, a name, may hold spaces and brackets itself.
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{BOOT_ID.read_text().strip()}.{ticks}"
    except FileNotFoundError:
        if BOOT_ID.exists():
            raise psutil.NoSuchProcess(process.pid) from None
        # Not Linux: the clock's time, which the system notes when the process begins.
        return f"{process.create_time():.2f}"
