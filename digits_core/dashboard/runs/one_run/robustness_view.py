"""Robustness: accuracy on test images that are rotated, shifted, scaled, noisy, thickened or thinned."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.background_jobs import awaited
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.runs.one_run.kept_answers import answers_of, images_of
from digits_core.dashboard.runs.one_run.second_run import JOBS, choose_second, still_trains
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.data.statistics.chunks import Report
from digits_core.errors import DigitsError
from digits_core.evaluation.comparison.significance import standard_error
from digits_core.evaluation.robustness import CHANGES, Change, Robustness, kept, measure
from digits_core.figures import evaluation_figures as figures
from digits_core.figures.evaluation_figures import Measured
from digits_core.figures.palette import run_colour
from digits_core.runs.store import Run


def show_robustness(run: Run) -> None:
    if answers_of(run) is None:
        return
    second = choose_second(run)
    measured: dict[Run, Robustness] = {}
    for each in [run, second] if second else [run]:
        found = _robustness_of(each)
        if found is None:
            break  # one at a time: the second run is measured once the first is done
        measured[each] = found
    if measured:
        _legend(measured)
        _charts(measured)


def _robustness_of(run: Run) -> Robustness | None:
    """Return a run's robustness; draw the progress and return `None` until it is measured."""
    artifacts = state().artifacts(run.id)
    try:
        found = kept(artifacts)
        weights = artifacts.weights_fingerprint()
    except DigitsError as error:
        show_error(error)
        return None
    if found is not None:
        return found
    if run.live:
        st.info(as_plain_text(still_trains(run)))
        return None
    tested = images_of(run)
    if tested is None:
        return None

    def compute(report: Report) -> Robustness:
        return measure(run.config, artifacts, tested, report)

    steps = sum(len(change.amounts) - 1 for change in CHANGES)
    words = f"Asking {as_plain_text(run.title)} about {len(tested):,} test images, each changed in {steps} ways"
    return awaited(JOBS, f"{state().home.folder}-{run.id}-{weights}-robustness", compute, words)


def _legend(measured: dict[Run, Robustness]) -> None:
    words = [
        f"{as_plain_text(run.title)}: {found.images:,} test images of {as_plain_text(' + '.join(run.config.data.test))}"
        for run, found in measured.items()
    ]
    st.markdown("  \n".join(words))


def _charts(measured: dict[Run, Robustness]) -> None:
    columns = st.columns(2)
    for place, change in enumerate(CHANGES):
        runs = [_as_measured(run, found, change) for run, found in measured.items()]
        with columns[place % 2]:
            chart = figures.robustness(change.title, change.unit, change.amounts, change.nothing, runs)
            show_chart(chart, f"robustness_{change.name}", f"Accuracy against {change.title.lower()}")
            st.caption(change.explanation)
    with columns[1]:
        st.caption(
            "Dotted: the image as it is. Bars: one standard error. Each change is made to the image as the network "
            "gets it; a run that centres its ink does so again after the change, except after noise. A network stands "
            "what it has seen: augmentation in training is what makes these curves flat."
        )


def _as_measured(run: Run, found: Robustness, change: Change) -> Measured:
    accuracy = found.accuracy[change.name]
    errors = [standard_error(share, found.images) for share in accuracy]
    return Measured(run.title, run_colour(run.number), accuracy, errors)
