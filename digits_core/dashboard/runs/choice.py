"""The runs that are chosen on the Runs page, as named in its URL."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from digits_core.dashboard import page_address
from digits_core.dashboard.runs.address import keep, kept
from digits_core.dashboard.state import state
from digits_core.runs.store import Run

CHOSEN = "compare"
"""The URL key that holds the ids of the chosen runs."""


def chosen_runs(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that the URL names; until any are chosen, the newest two with a test accuracy."""
    with_result = [run for run in runs if run.test_accuracy is not None and not run.deleted]
    newest = [run.id for run in sorted(with_result, key=lambda run: -run.number)[:2]]
    ids = kept(CHOSEN, newest)
    here = {run.id: run for run in runs}
    elsewhere = {run.id: run for run in state().runs.some([each for each in ids if each not in here])}
    return [run for each in ids if (run := here.get(each) or elsewhere.get(each))]


def choose(run_ids: Sequence[str]) -> None:
    """Choose exactly these runs, and make a new table, because an existing one keeps its own selection."""
    with page_address.changed():
        keep(CHOSEN, run_ids)
    st.session_state["runs_tables"] = st.session_state.get("runs_tables", 0) + 1
