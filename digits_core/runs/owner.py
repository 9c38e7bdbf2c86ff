"""Which process a run belongs to, told so that a later process with the same number is not taken for it."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> str:
    """Machine, process id and beginning of the calling process."""
    process = psutil.Process()
    return f"{platform.node()}:{process.pid}:{_beginning(process)}"


def is_alive(owner: str) -> bool:
    """Whether that process still runs. Of another machine's processes nothing is known: they count as alive."""
    machine, pid, beginning = owner.rsplit(":", 2)
    if machine != platform.node():
        return True
    try:
        process = psutil.Process(int(pid))
        # One that was killed stays in the table of processes until its parent has asked how it ended.
        return _beginning(process) == beginning and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _beginning(process: psutil.Process) -> str:
    """When a process began, told by nothing that changes when the clock is set."""
    try:
        # The 22nd field: ticks since the machine started. The second, a name, may hold spaces and brackets itself.
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{BOOT_ID.read_text().strip()}.{ticks}"
    except FileNotFoundError:
        if BOOT_ID.exists():
            raise psutil.NoSuchProcess(process.pid) from None
        # Not Linux: the clock's time, which the system notes when the process begins.
        return f"{process.create_time():.2f}"
