"""How the CPU cores of this machine are shared between trainings. The same in the app and in the shell, because the
number of threads changes the last digits of a sum, and with them all later results."""

from __future__ import annotations

from functools import cache

ONE_THREAD = 0.65
"""The speed of a run with one thread, as a fraction of its speed with two: measured with the lecture's settings."""


@cache
def cores() -> int:
    """Return the number of CPU cores that this process may use, within any limit of a container or batch system."""
    from joblib import cpu_count  # imported only when needed: it takes a while

    return cpu_count()


def parallel_runs() -> int:
    """Return how many runs train at once: one for every two cores, because a run makes good use of two threads only."""
    return max(1, cores() // 2)


def threads_per_run() -> int:
    return max(1, cores() // parallel_runs())


def threads_per_trial() -> int:
    """Return 1: one trial of a sweep on every core is faster overall than two threads each on half of the cores."""
    return 1


def trials_at_once() -> int:
    return cores() // threads_per_trial()


def speed_of_trials() -> float:
    """Return the speed of all trials that train at once, as a multiple of one run with its usual threads."""
    return trials_at_once() * (ONE_THREAD if threads_per_run() > 1 else 1.0)


def threads_of_worker(workers: int, usable: int, machine: int) -> int:
    """Return the threads of one of several workers on a machine: its reserved cores, or else an equal share of all.

    usable: cores that the worker may use, of the `machine`'s.
    """
    return usable if usable < machine else max(1, usable // max(1, workers))
