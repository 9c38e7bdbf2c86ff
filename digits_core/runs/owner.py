"""Which process a run belongs to, told so that a later process with the same number is not taken for it."""

from __future__ import annotations

import os
import platform

import psutil


def this_process() -> str:
    """Machine, process id and start time of the calling process."""
    return f"{platform.node()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_alive(owner: str) -> bool:
    """Whether that process still runs. Of another machine's processes nothing is known: they count as alive."""
    machine, pid, created = owner.rsplit(":", 2)
    if machine != platform.node():
        return True
    try:
        process = psutil.Process(int(pid))
        # One that was killed stays in the table of processes until its parent has asked how it ended.
        return f"{process.create_time():.2f}" == created and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
