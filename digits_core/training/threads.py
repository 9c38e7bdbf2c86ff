"""How the processors of this machine are shared between trainings. The same in the app and in the shell, because the
number of threads changes the last digits of a sum, and with them all that follows."""

from __future__ import annotations

from functools import cache

ONE_THREAD = 0.65
"""How fast a run is with one thread, as a share of its speed with two: measured with the lecture's settings."""


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


def threads_per_trial() -> int:
    """One for each trial of a sweep, on every core: in all faster than two threads each on half of the cores."""
    return 1


def trials_at_once() -> int:
    return cores() // threads_per_trial()


def speed_of_trials() -> float:
    """How fast all trials are that train at once, as a multiple of one run with its usual threads."""
    return trials_at_once() * (ONE_THREAD if threads_per_run() > 1 else 1.0)


def threads_of_worker(workers: int, usable: int, machine: int) -> int:
    """For one of so many workers on a machine: they share its processors, but keep what was set aside for each.

    usable: processors that the worker may use, of the `machine`'s.
    """
    return usable if usable < machine else max(1, usable // max(1, workers))
