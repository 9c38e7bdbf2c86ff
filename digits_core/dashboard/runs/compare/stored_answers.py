"""The stored predictions of runs for their test images."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.state import state
from digits_core.errors import RunError
from digits_core.runs.artifacts import TestResult
from digits_core.runs.store import Run


def answers_of(run: Run) -> TestResult | None:
    """Return the test result of a run that has ended; `None` if there is none or it cannot be read."""
    if run.live:
        return None
    try:
        return _answers(str(state().home.folder), run.id, run.finished or 0.0)
    except RunError:
        return None


def titles_of(runs: list[Run]) -> str:
    return ", ".join(as_plain_text(run.title) for run in runs)


# The unused arguments are cache keys: they identify the content.
@st.cache_resource(max_entries=128, show_spinner=False)
def _answers(folder: str, run_id: str, finished: float) -> TestResult:
    return state().artifacts(run_id).load_test_result()
