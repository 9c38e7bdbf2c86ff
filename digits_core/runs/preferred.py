"""The run to use where nobody has named one: on every page, and in the shell as `best`."""

from __future__ import annotations

from collections.abc import Sequence

from digits_core.runs.rows import Run

DOUBTFUL = 0.8
"""A run with a lower accuracy on its own test images is used only with a warning."""
CLOSE = 0.02
"""Accuracies that differ by less are as good as equal: about two standard errors at 97 % of 400 test images."""


def candidates(runs: Sequence[Run]) -> list[Run]:
    """Return those of `runs` that somebody trained to their end, in the same order; all of them if there are none.

    Trials of sweeps are left out, because many of them are meant to fail, and so is what was stopped or interrupted,
    and what was changed after its training, to see what a network loses by it, and what this app did not train: its
    accuracy was measured in another way.
    """
    apart = [bool(run.sweep or run.changed_afterwards or run.is_logged) for run in runs]
    return [
        run for run, left_out in zip(runs, apart, strict=True) if run.status == "finished" and not left_out
    ] or list(runs)


def best_of(runs: Sequence[Run]) -> Run | None:
    """Return the best of the `candidates`, or `None` if there are no runs with a test accuracy.

    Runs whose accuracy is `CLOSE` to the highest count as equal. Of those the one with the most test images is taken,
    because accuracy on more and other hands says more; then the newest.
    """
    tested = candidates([run for run in runs if run.test_accuracy is not None])
    if not tested:
        return None
    highest = max(run.test_accuracy or 0.0 for run in tested)
    close = (run for run in tested if (run.test_accuracy or 0.0) >= highest - CLOSE)
    return max(close, key=lambda run: (_tests(run), run.number))


def doubt_about(run: Run) -> str:
    """Return a warning about a run that fails on its own test images, or "" for one that can be relied on."""
    if run.test_accuracy is None or run.test_accuracy >= DOUBTFUL:
        return ""
    return (
        f"{run.title} reads only {run.test_accuracy:.0%} of its own test images correctly, so expect wrong answers. "
        "Choose another run, or train one."
    )


def _tests(run: Run) -> int:
    return run.environment.get("images", {}).get("test", 0)
