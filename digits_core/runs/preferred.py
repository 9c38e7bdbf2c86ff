"""The run to use by default: on every page, and in the shell as `best`."""

from __future__ import annotations

from collections.abc import Sequence

from digits_core.runs.rows import Run

DOUBTFUL = 0.8
"""A run with a lower accuracy on its own test images is used only with a warning."""
CLOSE = 0.02
"""Accuracies that differ by less count as equal: about two standard errors at 97 % of 400 test images."""


def candidates(runs: Sequence[Run]) -> list[Run]:
    """Return the ordinary finished runs among `runs`, in the same order; all of `runs` if there are none.

    These are left out: trials of sweeps, because many of them are meant to fail; stopped and interrupted runs; runs
    whose weights were changed after training, to see what a network loses by it; and runs that this app did not train,
    because their accuracy was measured in another way.
    """
    apart = [bool(run.sweep or run.changed_afterwards or run.is_logged) for run in runs]
    return [
        run for run, left_out in zip(runs, apart, strict=True) if run.status == "finished" and not left_out
    ] or list(runs)


def best_of(runs: Sequence[Run]) -> Run | None:
    """Return the best of the `candidates`, or `None` if there are no runs with a test accuracy.

    Runs whose accuracy is `CLOSE` to the highest count as equal. Among these, the one with the most test images
    wins, because accuracy on more images and other writers says more; ties go to the newest.
    """
    tested = candidates([run for run in runs if run.test_accuracy is not None])
    if not tested:
        return None
    highest = max(run.test_accuracy or 0.0 for run in tested)
    close = (run for run in tested if (run.test_accuracy or 0.0) >= highest - CLOSE)
    return max(close, key=lambda run: (_tests(run), run.number))


def doubt_about(run: Run) -> str:
    """Return a warning if a run does badly on its own test images, or "" if it can be relied on."""
    if run.test_accuracy is None or run.test_accuracy >= DOUBTFUL:
        return ""
    return (
        f"{run.title} reads only {run.test_accuracy:.0%} of its own test images correctly, so expect wrong answers. "
        "Choose another run, or train one."
    )


def _tests(run: Run) -> int:
    return run.environment.get("images", {}).get("test", 0)
