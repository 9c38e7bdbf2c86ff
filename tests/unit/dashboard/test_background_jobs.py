"""Jobs are computed once, and the latest that have ended are remembered."""

from collections.abc import Callable

from digits_core.dashboard.background_jobs import JOBS, Jobs

SECONDS = 30


def ordered(jobs: Jobs[str], *keys: str) -> list[str]:
    """Order a job for each key, wait for its end, and return the keys that were computed rather than remembered."""
    computed: list[str] = []

    def job_of(key: str) -> Callable[[object], str]:
        return lambda _report: computed.append(key) or key

    for key in keys:
        assert jobs.order(key, job_of(key)).wait(SECONDS)
    return computed


def test_the_results_of_the_last_sixteen_jobs_are_remembered():
    jobs: Jobs[str] = Jobs()
    keys = [f"job {number}" for number in range(JOBS)]

    assert ordered(jobs, *keys) == keys
    assert ordered(jobs, *keys) == []


def test_the_job_that_was_asked_for_longest_ago_is_forgotten_first():
    jobs: Jobs[str] = Jobs()
    keys = [f"job {number}" for number in range(JOBS)]
    ordered(jobs, *keys, keys[0])  # asked for again: now the second one is the oldest

    ordered(jobs, "one more", "and another")

    assert ordered(jobs, keys[0]) == []
    assert ordered(jobs, keys[1]) == [keys[1]]
