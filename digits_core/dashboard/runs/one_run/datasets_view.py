"""Datasets: a network trained on one, tested on all others."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import pandas as pd
import streamlit as st

from digits_core.dashboard.background_jobs import awaited
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.runs.one_run.kept_answers import answers_of
from digits_core.dashboard.runs.one_run.second_run import JOBS, choose_second, still_trains
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.data.digits import Digits
from digits_core.data.statistics.chunks import Report
from digits_core.errors import DigitsError
from digits_core.evaluation.across import Evaluation, evaluate, kept
from digits_core.figures import evaluation_figures as figures
from digits_core.figures.evaluation_figures import Measured
from digits_core.figures.palette import run_colour
from digits_core.runs.run_settings import settings_of
from digits_core.runs.store import Run

Found = dict[str, Evaluation]
"""Evaluations by dataset name."""


def show_datasets(run: Run) -> None:
    if not (run.is_logged and run.weights is not None) and answers_of(run) is None:
        return
    second = choose_second(run)
    datasets = _testable()
    measured: dict[Run, Found] = {}
    for each in [run, second] if second else [run]:
        found = _evaluations_of(each, datasets)
        if found is None:
            break  # one at a time: the second run is measured once the first is done
        measured[each] = found
    if measured:
        _show(measured, datasets)


def _testable() -> list[Digits]:
    """Return the available datasets with test images, in catalogue order."""
    catalogue = state().catalogue
    here = [load_digits(entry.name) for entry in catalogue.entries() if catalogue.available(entry.name)]
    return [digits for digits in here if digits.test.any()]


def _evaluations_of(run: Run, datasets: Sequence[Digits]) -> Found | None:
    """Return a run's evaluation on each dataset; draw the progress and return `None` until all are known."""
    artifacts = state().artifacts(run.id)
    try:
        found = {digits.name: kept(artifacts, digits) for digits in datasets}
        weights = artifacts.weights_fingerprint()
    except DigitsError as error:
        show_error(error)
        return None
    known = {name: evaluation for name, evaluation in found.items() if evaluation is not None}
    missing = [digits for digits in datasets if digits.name not in known]
    if not missing:
        return known
    if run.live:
        st.info(as_plain_text(still_trains(run)))
        return None

    def compute(report: Report) -> Found:
        found = dict(known)
        for number, digits in enumerate(missing):
            report(number / len(missing))
            found[digits.name] = evaluate(run.config, artifacts, digits)
        return found

    prints = "-".join(digits.fingerprint for digits in missing)
    words = f"Testing {as_plain_text(run.title)} on {len(missing)} dataset{'s' * (len(missing) > 1)}"
    return awaited(JOBS, f"{state().home.folder}-{run.id}-{weights}-{prints}", compute, words)


def _show(measured: dict[Run, Found], datasets: Sequence[Digits]) -> None:
    titles = {entry.name: entry.title for entry in state().catalogue.entries()}
    names = [f"{titles[digits.name]} (n = {int(digits.test.sum()):,})" for digits in datasets]
    chart = figures.across(names, [_as_measured(run, found, datasets) for run, found in measured.items()])
    show_chart(chart, "across", "Accuracy on the test images of each dataset")
    st.caption(
        "Bars end at the share of the test images that is recognised, the thin line is one standard error. Test images "
        "are never trained on, not even those of a dataset that was trained on. What a network learnt holds for digits "
        "like those it saw: the gap to the other datasets is what writers, scanners and framing change."
    )
    rows = [_row(run, found[digits.name], titles) for run, found in measured.items() for digits in datasets]
    table = pd.DataFrame(rows)
    share = st.column_config.NumberColumn(format="percent")
    st.dataframe(
        table if len(measured) > 1 else table.drop(columns="Run"),
        hide_index=True,
        height="content",
        alt="The same as a table",
        column_config={"Accuracy": share, "Standard error": share, "Calibration error": share},
    )


def _row(run: Run, found: Evaluation, titles: dict[str, str]) -> dict[str, object]:
    settings = settings_of(run)
    fields = (("trained on", "train"), ("tested on", "test"))
    roles = [word for word, field in fields if found.dataset in (settings[field] or ())]
    return {
        "Run": run.title,
        "Dataset": titles[found.dataset],
        "In its training": " and ".join(roles) or "new to it",
        "Test images": found.images,
        "Accuracy": found.accuracy,
        "Standard error": found.standard_error,
        "Calibration error": found.calibration_error,
    }


def _as_measured(run: Run, found: Found, datasets: Sequence[Digits]) -> Measured:
    each = [found.get(digits.name) for digits in datasets]
    return Measured(
        run.title,
        run_colour(run.number),
        [one.accuracy if one else nan for one in each],
        [one.standard_error if one else nan for one in each],
    )
