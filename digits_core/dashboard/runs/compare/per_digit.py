"""Accuracy per digit of several runs, compared with a baseline."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.runs.compare.stored_answers import answers_of, titles_of
from digits_core.dashboard.widgets import choose_named, run_label
from digits_core.evaluation.comparison.tested_images import share_test_images
from digits_core.evaluation.metrics import Answers, digit_counts
from digits_core.figures.comparison_figures import digits_of_runs
from digits_core.runs.store import Run

NOT_ANSWERED = "None of these runs has kept its answers yet: they are there when a run has ended with an epoch done."


@st.fragment
def accuracy_per_digit(runs: list[Run]) -> None:
    answers = {run.id: found for run in runs if (found := answers_of(run))}
    answered = {run.id: run for run in runs if run.id in answers}
    if not answered:
        st.info(NOT_ANSWERED)
        return
    baseline = answered[
        choose_named(
            "Baseline",
            {run.id: run_label(run) for run in answered.values()},
            "baseline",
            "The run that the others are compared with.",
            lambda _: "That baseline is not among the chosen runs.",
        )
    ]
    others = [run for run in answered.values() if run is not baseline]
    labels = answers[baseline.id].labels
    alike = [baseline]
    alike += [
        run for run in others if share_test_images(baseline, run) and np.array_equal(labels, answers[run.id].labels)
    ]
    counts = [digit_counts(Answers.of(answers[run.id])) for run in alike]
    chart = digits_of_runs(
        [run.title for run in alike], np.array([each.right for each in counts]), counts[0].images, baseline=0
    )
    show_chart(chart, "per_digit", "Accuracy per digit of the baseline, and how far the other runs are from it")
    st.caption(
        "The baseline in %, the others in points more or less than it. "
        f"Images per digit: {counts[0].images.min():,} to {counts[0].images.max():,}. One image more or less is "
        f"{100 / max(1, counts[0].images.max()):.1f} points or more: small differences are chance."
    )
    if left_out := [run for run in others if run not in alike]:
        st.caption(f":material/info: Left out, because they were tested on other images: {titles_of(left_out)}.")
    if silent := [run for run in runs if run.id not in answered]:
        st.caption(f":material/info: Left out, because they have kept no answers: {titles_of(silent)}.")
