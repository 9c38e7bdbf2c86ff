"""The stored test result of a run: its predictions, and the images if they are still available."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.loaders import lenient_run_loader
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.evaluation.metrics import DIVERGED, Answers
from digits_core.evaluation.test_set import TestSet, test_set_of_run
from digits_core.runs.rows import NOT_TRAINED_HERE
from digits_core.runs.store import Run


def answers_of(run: Run) -> Answers | None:
    """Return a run's latest predictions for its test images; if there are none, draw the reason and return `None`."""
    if run.weights is None or run.is_logged:
        st.info(_why_no_answers(run))
        return None
    try:
        answers = Answers.of(state().artifacts(run.id).load_test_result())
    except DigitsError as error:
        show_error(error)
        return None
    if not np.isfinite(answers.logits).all():
        st.warning(DIVERGED)
        return None
    return answers


def _why_no_answers(run: Run) -> str:
    """Return why a run has no predictions: no epoch finished, weights on another machine, or trained elsewhere."""
    if run.is_logged:
        more = "" if run.weights is None else " Datasets shows how it does on the digits that are here."
        return f"{NOT_TRAINED_HERE} Record shows what it said of itself, Compare its curves.{more}"
    epochs = state().runs.epochs([run.id])[run.id]
    if run.live and epochs:
        return "Its weights are on another machine and are received about every half minute: results appear with them."
    if run.live:
        return "Its first epoch is on its way: what it gets right and wrong appears here with that."
    if epochs:
        return "No weights of this run were received, so there is nothing to evaluate. Its record says what happened."
    return "This run ended before its first epoch did: there is nothing to see. Its record says what happened."


def images_of(run: Run) -> TestSet | None:
    """Return the images that the run was tested on; if they cannot be shown, draw the error and return `None`."""
    try:
        return test_set_of_run(run, lenient_run_loader(run.id))
    except DigitsError as error:
        show_error(error)
        return None
