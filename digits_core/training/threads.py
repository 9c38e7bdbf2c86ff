"""How the processors of this machine are shared between trainings. The same in the app and in the shell, because the
number of threads changes the last digits of a sum, and with them all that follows."""

from __future__ import annotations

import os


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parallel_runs() -> int:
    """How many runs train at once: one for every two cores, because a run uses two threads well and no more."""
    return max(1, cores() // 2)


def threads_per_run() -> int:
    return max(1, cores() // parallel_runs())
