"""One run on the Runs page: its status, and one view at a time of its quality."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import POLL_S, STATUS_ICONS
from digits_core.dashboard.runs.export_view import offer_run
from digits_core.dashboard.runs.one_run.confidence import show_confidence
from digits_core.dashboard.runs.one_run.datasets_view import show_datasets
from digits_core.dashboard.runs.one_run.mistakes import show_mistakes
from digits_core.dashboard.runs.one_run.record import show_record
from digits_core.dashboard.runs.one_run.robustness_view import show_robustness
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_run, empty_state, follow_old_link
from digits_core.evaluation.comparison.significance import standard_error
from digits_core.runs.logged import OWN_LOOP
from digits_core.runs.store import Run

VIEWS: dict[str, Callable[[Run], None]] = {
    "Mistakes": show_mistakes,
    "Confidence": show_confidence,
    "Robustness": show_robustness,
    "Datasets": show_datasets,
    "Record": show_record,
    "Export": offer_run,
}
VIEW_HELP = (
    "Mistakes: which digits are taken for which, with the images. Confidence: whether it is as often right as it is "
    "sure, and what saying “I don't know” gains. Robustness: how far the images may be changed. Datasets: how it does "
    "on digits from elsewhere. Record: settings, environment, what was changed while it ran, and the log. Export: "
    "its weights, its figures, and itself as one PyTorch script or a notebook."
)


def show_one_run(runs: list[Run]) -> None:
    """Draw the run that the URL names, by default the newest of `runs`."""
    if not runs:
        empty_state("No run yet. Train one to see here what it gets right and wrong.", "training", "Train")
        return
    run = choose_run(runs, "The run to look at closely. Its id is in the address: send it to someone.")
    _head(run)
    follow_old_link("result", {"Take away": "Export"})
    view = st.segmented_control(
        "Look at",
        list(VIEWS),
        # A run trained elsewhere has no predictions to show, but its settings were logged.
        default="Record" if run.is_logged and run.weights is None else "Mistakes",
        required=True,
        key="result",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help=VIEW_HELP,
    )
    VIEWS[view](run)
    if run.live:
        st.fragment(_follow, run_every=POLL_S)(run.id, _news_of(run))


def _head(run: Run) -> None:
    """Draw the run's status as a row of metrics, which has the same height for every run."""
    epochs = len(state().epochs.of([run.id])[0])
    tested = run.environment.get("images", {}).get("test", 0)
    with st.container(horizontal=True, gap="medium", key="run_head"):
        accuracy = "–" if run.test_accuracy is None else f"{run.test_accuracy:.2%}"
        error = ""
        if run.test_accuracy is not None and tested:
            error = f" ± {standard_error(run.test_accuracy, tested):.2%}"
        st.metric(
            "Accuracy",
            accuracy + error,
            width="content",
            help=(
                f"The share of the {tested:,} test images that it recognises, with its standard error: another set of "
                "as many images like these would give a share that differs by about so much."
                if tested
                else "The share of test images that it recognises, as it was logged last."
            ),
        )
        planned = f" of {run.planned_epochs:,}" if run.planned_epochs > epochs or not run.is_logged else ""
        st.metric("Epochs", f"{epochs}{planned}", width="content", help="Passes over the training data.")
        seconds = "–" if run.seconds is None else f"{run.seconds:.1f} s"
        st.metric("Training time", seconds, width="content", help="Without pauses.")
        st.metric("Status", f"{STATUS_ICONS[run.status]} {run.status}", width="content")
    message = f" {as_plain_text(run.message)}" if run.message else ""
    if run.is_logged:
        how = "logged from its" if run.origin == OWN_LOOP else "imported from"
        st.caption(f"Not trained by Digits Lab: {how} {as_plain_text(run.origin)}.{message}")
        return
    data = run.config.data
    trained, tests = (as_plain_text(" + ".join(names)) for names in (data.train, data.test))
    writers = f", on the digits of {as_plain_text(', '.join(data.test_writers))} alone" if data.test_writers else ""
    st.caption(f"Trained on {trained} · tested on {tests}{writers}.{message}")


def _news_of(run: Run) -> tuple[str, int]:
    """Return the status and the number of finished epochs: if either changes, the page must be redrawn."""
    return run.status, len(state().epochs.of([run.id])[0])


def _follow(run_id: str, shown: tuple[str, int]) -> None:
    """Rerun the page if the run has finished an epoch or changed its status since it was shown."""
    if _news_of(state().runs.get(run_id)) != shown:
        st.rerun()
