"""Runs: compare trained networks."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digits_core.dashboard.hiding import group, is_hidden
from digits_core.dashboard.pages import page_head
from digits_core.dashboard.runs.choice import chosen_runs
from digits_core.dashboard.runs.comparison_view import show_comparison
from digits_core.dashboard.runs.editing import edit_runs
from digits_core.dashboard.runs.export_view import offer_comparison
from digits_core.dashboard.runs.filter_controls import filter_bar, show_filters
from digits_core.dashboard.runs.import_view import import_runs
from digits_core.dashboard.runs.one_run import show_one_run
from digits_core.dashboard.runs.sweeps_view import show_sweeps
from digits_core.dashboard.runs.table import show_table
from digits_core.dashboard.runs.training_time_view import show_training_time
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import empty_state

View = Callable[[DeltaGenerator], None]
"""A function that draws one view of the page, with its controls in the head next to the choice of the view."""


HIDEABLE = {
    "view": "Views",
    "filter": "Search and filters",
    "edit": "Edit, archive, delete",
    "import": "Import",
    "table": "Table of runs",
    "export": "Export",
}


def compare(head: DeltaGenerator) -> None:
    with head:
        with group("filter"):
            shown = filter_bar()
        chosen = chosen_runs(shown.runs)
        if not is_hidden("edit"):
            edit_runs(chosen, shown.shelf)
        if not is_hidden("import"):
            import_runs()
    with st.container(gap="xsmall"):
        with group("table"):
            show_filters(shown)
            show_table(shown, chosen)
        there = [run for run in chosen if not run.deleted]
        show_comparison(there)
    if not is_hidden("export"):
        offer_comparison(there)


def training_time(head: DeltaGenerator) -> None:
    with head, group("filter"):
        shown = filter_bar(as_table=False)
    show_filters(shown)
    show_training_time(shown.runs)


def sweeps(_head: DeltaGenerator) -> None:
    show_sweeps()


def one_run(_head: DeltaGenerator) -> None:
    show_one_run(state().runs.runs())


def with_runs(view: View) -> View:
    """Return the view, or one that says where to go if there are no runs yet."""
    if any(state().runs.count(shelf) for shelf in ("current", "archived", "deleted")):
        return view
    return nothing_yet


def nothing_yet(head: DeltaGenerator) -> None:
    if not is_hidden("import"):
        with head:
            import_runs()
    words = "No run yet. Train one, then a second with another setting, and compare them here."
    with st.container(key="main_picture"):
        empty_state(words, "training", "Train")


VIEWS: dict[str, View] = {
    "Compare": with_runs(compare),
    "Training time": with_runs(training_time),
    "Sweeps": sweeps,
    "One run": with_runs(one_run),
}

page_head("runs", hideable=HIDEABLE)
head = st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="runs_head")
with head, group("view"):
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default="Compare",
        required=True,
        key="runs_view",
        bind="query-params",
        persist_state="session",
        wrap=True,
        label_visibility="collapsed",
        help="Compare: all runs in a table, and those that you choose side by side. Training time: what the "
        "settings cost in seconds. Sweeps: many runs that vary a setting by themselves. One run: what it gets right "
        "and wrong.",
    )
VIEWS[view](head)
