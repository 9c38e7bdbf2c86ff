"""A second run to compare with the first, and the background jobs that measure both."""

from __future__ import annotations

from typing import Any

from digits_core.dashboard.background_jobs import Jobs
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_named, run_label
from digits_core.runs.store import Run

NONE = "none"
JOBS: Jobs[Any] = Jobs()
"""Jobs that measure runs: each stores its result with its run, where every view looks first."""


def choose_second(run: Run) -> Run | None:
    """Draw the choice of a second usable run, in the URL as `second`, and return it; `None` if none is chosen."""
    others = {each.id: each for each in state().runs.usable() if each.id != run.id}
    titles = {NONE: "no other run", **{each.id: run_label(each) for each in others.values()}}
    chosen = choose_named(
        "Beside it",
        titles,
        "second",
        "A second run, measured in the same way and drawn in its own colour.",
        lambda wanted: f"There is no other run {wanted} to compare this one with.",
    )
    return others.get(chosen)


def still_trains(run: Run) -> str:
    return (
        f"{run.title} is still training. This is measured when it has ended: it asks the network about thousands of "
        "images, which would take the processor away from the training."
    )
