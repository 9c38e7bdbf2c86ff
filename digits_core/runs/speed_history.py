"""Earlier runs as evidence of how fast this machine trains."""

from __future__ import annotations

from statistics import median

from digits_core.runs.rows import EpochRow, Run
from digits_core.runs.store import RunStore
from digits_core.training.estimate import PastRun

NEWEST = 40


def past_runs(store: RunStore) -> tuple[PastRun, ...]:
    """Return the newest runs that this machine trained for at least one epoch."""
    runs = [
        run
        for run in store.runs()
        if run.images_per_second and "images" in run.environment and not (run.shipped or run.changed_afterwards)
    ][:NEWEST]
    epochs = store.epochs([run.id for run in runs])
    return tuple(_as_past(run, epochs[run.id]) for run in runs if epochs[run.id])


def _as_past(run: Run, epochs: list[EpochRow]) -> PastRun:
    images = run.environment["images"]
    return PastRun(
        run.title,
        run.config,
        run.environment["device"],
        images["train"],
        images["test"],
        median(each.images_per_second for each in epochs),
        median(each.seconds for each in epochs),
    )
