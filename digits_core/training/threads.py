"""How the processors of this machine are shared between trainings. The same in the app and in the shell, because the
number of threads changes the last digits of a sum, and with them all that follows."""

from __future__ import annotations

from functools import cache


@cache
def cores() -> int:
    """The processors that this process may use: the machine's, or the share that a container or batch system gives."""
    from joblib import cpu_count  # not before it is asked for: it takes a while to import

    return cpu_count()


def parallel_runs() -> int:
    """How many runs train at once: one for every two cores, because a run uses two threads well and no more."""
    return max(1, cores() // 2)


def threads_per_run() -> int:
    return max(1, cores() // parallel_runs())


def threads_of_worker(workers: int, usable: int, machine: int) -> int:
    """For one of so many workers on a machine: they share its processors, but keep what was set aside for each.

    usable: processors that the worker may use, of the `machine`'s.
    """
    return usable if usable < machine else max(1, usable // max(1, workers))
