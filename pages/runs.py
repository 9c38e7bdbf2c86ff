"""Runs: compare what was trained."""

from collections.abc import Callable

import streamlit as st

from digits_core.dashboard.pages import page_head
from digits_core.dashboard.runs.comparison_view import show_comparison
from digits_core.dashboard.runs.editing import edit_runs
from digits_core.dashboard.runs.export_view import offer_comparison
from digits_core.dashboard.runs.filter_controls import filter_bar
from digits_core.dashboard.runs.one_run import show_one_run
from digits_core.dashboard.runs.sweeps_view import show_sweeps
from digits_core.dashboard.runs.table import choose_runs
from digits_core.dashboard.runs.training_time_view import show_training_time
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import empty_state


def compare() -> None:
    shown = filter_bar()
    chosen = choose_runs(shown)
    edit_runs(chosen, shown.shelf)
    st.subheader("Comparison")
    there = [run for run in chosen if not run.deleted]
    show_comparison(there)
    offer_comparison(there)


def training_time() -> None:
    show_training_time(filter_bar(as_table=False).runs)


def one_run() -> None:
    show_one_run(state().runs.runs())


def with_runs(view: Callable[[], None]) -> Callable[[], None]:
    """The view, or where to go while there is nothing to look at."""
    if any(state().runs.count(shelf) for shelf in ("current", "archived", "deleted")):
        return view
    words = "No run yet. Train one, then a second with another setting, and compare them here."
    return lambda: empty_state(words, "training", "Train")


VIEWS: dict[str, Callable[[], None]] = {
    "Compare": with_runs(compare),
    "Training time": with_runs(training_time),
    "Sweeps": show_sweeps,
    "One run": with_runs(one_run),
}

page_head("runs")
view = st.segmented_control(
    "View",
    list(VIEWS),
    default="Compare",
    required=True,
    key="runs_view",
    bind="query-params",
    wrap=True,
    help="Compare: all runs in a table, and those that you choose beside each other. Training time: what the settings "
    "cost in seconds. Sweeps: many runs that vary a setting by themselves. One run: what it gets right and wrong.",
)
VIEWS[view]()
