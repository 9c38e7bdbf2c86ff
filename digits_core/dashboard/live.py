"""What a page shows of runs: progress while they train, their curves, the lecture's lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.errors import DigitsError
from digits_core.runs.epoch_feed import Epoch
from digits_core.runs.store import Run
from digits_core.training.estimate import duration
from digits_core.training.events import lecture_line

POLL_S = 0.4
AWAIT_S = 1.0
"""Pages wait for things that take seconds, and each check costs a drawing in progress a few frames."""
TITLE_LENGTH = 24
"""Short enough that the status of a run fits one line, and nothing moves."""

STATUS_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "paused": ":material/pause_circle:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "diverged": ":material/trending_up:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}


def draw_anew_after(what: str, is_pending: Callable[[], bool], pending: bool | None = None) -> None:
    """Redraw the page as soon as `what` it waits for is ready. `pending` is the current result of `is_pending`, if
    known.

    The timer's fragment is always on the page, in a container of its own. If a fragment is gone when its timer fires,
    Streamlit leaves elements that others had drawn before, such as a cleared paper; and if its container disappears,
    the elements below it are recreated, and lose the stroke that is being drawn.
    """
    waits = is_pending() if pending is None else pending
    with st.container(key=f"awaited_{what}"):  # takes no room: see style.css
        st.fragment(_look, run_every=AWAIT_S if waits else None)(is_pending, [waits])


def _look(is_pending: Callable[[], bool], waits: list[bool]) -> None:
    """Check when the timer fires, but not while the page itself is being drawn, which must finish first."""
    if len(waits) > 1 and not _goes_on(is_pending):
        st.rerun()
    elif waits == [True]:
        waits.append(True)


def _goes_on(is_pending: Callable[[], bool]) -> bool:
    """Return True while it is still pending; an error counts as done, and the redrawn page shows it."""
    try:
        return is_pending()
    except DigitsError:
        return False


def show_progress(run: Run, batches: int) -> None:
    """Draw a run's status on one line, with `batches` per epoch: a progress bar, and the result once it has ended."""
    title = run.title if len(run.title) <= TITLE_LENGTH else f"{run.title[: TITLE_LENGTH - 1]}…"
    words = f"{STATUS_ICONS[run.status]} **{as_plain_text(title)}**"
    match run.status:
        case "queued":
            before = run.position - 1
            waits = f"waits, {before} {'runs' if before > 1 else 'run'} before it" if before > 0 else "starts …"
            st.progress(run.progress, f"{words} · {waits}")
        case "running":
            # With its name as well, the line would not fit on a phone.
            number = f"{STATUS_ICONS[run.status]} **#{run.number}**"
            st.progress(run.progress, f"{number} · {_place(run, batches)}{_speed(run)}")
        case "paused":
            st.progress(run.progress, f"{words} · paused in {_place(run, batches)}")
        case "finished":
            st.progress(1.0, f"{words} · finished in {run.seconds:.1f} s · {run.test_accuracy:.2%} on test images")
        case _:
            tested = "" if run.test_accuracy is None else f" · {run.test_accuracy:.2%} on test images"
            st.progress(run.progress, f"{words} · {run.status} in {_epoch(run)}{tested}")


def lecture_lines(run: Run, epochs: Sequence[Epoch]) -> str:
    """Return the log in the format of the lecture's loop."""
    lines = [lecture_line(row.epoch, run.planned_epochs, row.train_loss, row.test_accuracy) for row in epochs]
    return "\n".join(lines) or ("The first epoch is on its way." if run.live else "No epoch was finished.")


def _epoch(run: Run) -> str:
    """Format `epoch 2/4`: the current epoch, or the one in which the run ended."""
    return f"epoch {min(int(run.progress * run.planned_epochs), run.planned_epochs - 1) + 1}/{run.planned_epochs}"


def _place(run: Run, batches: int) -> str:
    """Format `epoch 2/4 · batch 31/90`."""
    done = min(round(run.progress * run.planned_epochs * batches), run.planned_epochs * batches - 1)
    return f"epoch {done // batches + 1}/{run.planned_epochs} · batch {done % batches + 1}/{batches}"


def _speed(run: Run) -> str:
    if not run.images_per_second or not run.progress or not run.seconds:
        return ""
    left = run.seconds * (1 - run.progress) / run.progress
    return f" · {run.images_per_second:,.0f} images/s · {duration(left)} left"
