"""What a page shows of runs: progress while they train, their curves, the lecture's lines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from digits_core.dashboard.errors import as_plain_text
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_chart
from digits_core.figures.charts import Curve, curves
from digits_core.figures.palette import run_colour
from digits_core.runs.store import EpochRow, Run
from digits_core.training.events import lecture_line

POLL_S = 0.5
LOG_HEIGHT = 150

STATUS_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "diverged": ":material/trending_up:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}

# Pages are drawn again more often than their runs change, and building a figure is the slowest part of that.
_curves = lru_cache(maxsize=32)(curves)


def show_progress(run: Run) -> None:
    """Where a run stands: a bar while it trains, what became of it afterwards. The same height in every state."""
    words = f"{STATUS_ICONS[run.status]} **{as_plain_text(run.title)}**"
    match run.status:
        case "queued":
            waiting = [each.id for each in state().runs.live()]
            place = waiting.index(run.id) if run.id in waiting else 0
            st.progress(0.0, f"{words} waits for its turn, {place} before it" if place else f"{words} starts …")
        case "running":
            st.progress(run.progress, f"{words} · {run.progress:.0%}{_speed(run)}")
        case "finished":
            st.progress(1.0, f"{words} · finished in {run.seconds:.1f} s · {run.test_accuracy:.2%} on test images")
        case _:
            st.progress(run.progress, f"{words} · {run.status}. {as_plain_text(run.message)}")


def show_curves(runs: Sequence[Run], key: str) -> None:
    """Loss and accuracy of these runs side by side, one colour a run; room is reserved before the first epoch."""
    epochs = state().runs.epochs([run.id for run in runs])
    planned = max(run.config.training.epochs for run in runs)
    lines = tuple(as_curve(run, epochs[run.id], named=len(runs) > 1) for run in runs)
    left, right = st.columns(2)
    with left:
        show_chart(_curves(lines, "loss", planned), f"{key}_loss", "Loss per epoch, training and test")
    with right:
        show_chart(_curves(lines, "accuracy", planned), f"{key}_accuracy", "Accuracy per epoch, training and test")


def as_curve(run: Run, epochs: Sequence[EpochRow], named: bool) -> Curve:
    """A run's epochs as a figure wants them; `named` where the chart shows more than one run."""
    return Curve(
        run.title if named else "",
        run_colour(run.number),
        tuple(row.epoch for row in epochs),
        tuple(row.train_accuracy for row in epochs),
        tuple(row.test_accuracy for row in epochs),
        tuple(row.train_loss for row in epochs),
        tuple(row.test_loss for row in epochs),
    )


def show_lecture_lines(run: Run) -> None:
    """The log as the lecture's loop prints it."""
    epochs = state().runs.epochs([run.id])[run.id]
    planned = run.config.training.epochs
    lines = [lecture_line(row.epoch, planned, row.train_loss, row.test_accuracy) for row in epochs]
    nothing = "The first epoch is on its way." if run.live else "No epoch was finished."
    st.code("\n".join(lines) or nothing, language=None, height=LOG_HEIGHT)


def _speed(run: Run) -> str:
    if not run.images_per_second or not run.progress:
        return ""
    return f" · {run.images_per_second:,.0f} images/s · {_time_left(run)} left"


def _time_left(run: Run) -> str:
    """The rest of the training at the pace so far, from the progress and the time since it started."""
    seconds = (time.time() - (run.started or time.time())) * (1 - run.progress) / run.progress
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
