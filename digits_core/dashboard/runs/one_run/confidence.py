"""Confidence: the calibration of the network, and the accuracy that it gains by saying "I don't know"."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.runs.one_run.kept_answers import answers_of
from digits_core.evaluation.calibration import BINS, Selective, at_threshold, coverage_curve, reliability
from digits_core.evaluation.metrics import Answers
from digits_core.figures import evaluation_figures as figures
from digits_core.figures.palette import run_colour
from digits_core.runs.store import Run

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)
"""Denser towards 1, where most confidences of networks lie."""
ERROR_HELP = (
    f"Answers are sorted into {BINS} bins of equal width by their confidence. In each, the share that is right is "
    "compared with the mean confidence; the expected calibration error is the mean of these gaps, each bin weighted by "
    "its images (Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, 2017). 0 % is a network that "
    "is right as often as it says."
)


def show_confidence(run: Run) -> None:
    answers = answers_of(run)
    if answers is None:
        return
    _calibration(run, answers)
    st.subheader("“I don't know”")
    _threshold(run, answers)


def _calibration(run: Run, answers: Answers) -> None:
    found = reliability(answers.confidence, answers.right)
    said = float(answers.confidence.mean())
    with st.container(horizontal=True, gap="medium"):
        st.metric("Expected calibration error", f"{found.error:.2%}", width="content", help=ERROR_HELP)
        st.metric(
            "Mean confidence",
            f"{said:.2%}",
            width="content",
            help="How sure it was on average: the highest of its ten probabilities.",
        )
        st.metric("Accuracy", f"{answers.accuracy:.2%}", width="content", help="How often it was right.")
    left, right = st.columns(2)
    with left:
        chart = figures.reliability(found.edges, found.counts, found.confidence, found.accuracy, run_colour(run.number))
        show_chart(chart, "reliability", "Share of right answers by confidence, beside the line of equality")
    with right:
        bins = np.clip(np.ceil(answers.confidence * BINS).astype(int) - 1, 0, BINS - 1)
        counts = [np.bincount(bins[chosen], minlength=BINS) for chosen in (answers.right, ~answers.right)]
        show_chart(figures.confidences(found.edges, *counts), "confidences", "How many answers were how sure")
    gap = said - answers.accuracy
    verdict = "about as sure as it may be" if abs(gap) < 0.01 else "too sure of itself" if gap > 0 else "too modest"
    st.caption(
        f"Over all {len(answers):,} test images this network is {verdict}: it says {said:.1%} and is right "
        f"{answers.accuracy:.1%} of the time. Bars below the dashed line are answers that it was too sure of. Bins "
        "with few images jump about by chance."
    )


@st.fragment
def _threshold(run: Run, answers: Answers) -> None:
    threshold = st.select_slider(
        "Threshold",
        THRESHOLDS,
        0.9,
        key="unsure_below",
        bind="query-params",
        persist_state="session",
        format_func=lambda value: f"{value:.4g}",
        help="Where the network is less sure than this it says “I don't know” instead of a digit. A higher threshold "
        "leaves more images unanswered, and fewer of the answers wrong.",
    )
    found = at_threshold(answers.confidence, answers.right, threshold)
    _counts(found)
    curve = coverage_curve(answers.confidence, answers.right)
    chart = figures.coverage(
        curve.coverage,
        curve.accuracy,
        curve.threshold,
        (found.coverage, found.accuracy),
        len(answers),
        run_colour(run.number),
    )
    show_chart(chart, "coverage", "Accuracy of what is answered against the share that is answered")
    st.caption(
        "From right to left the network answers less and less, its least sure answers first. Where the line rises, its "
        "doubts are well placed: what it leaves out is what it would have got wrong."
    )


def _counts(found: Selective) -> None:
    with st.container(horizontal=True, gap="medium", key="coverage_numbers"):
        st.metric(
            "Coverage",
            f"{found.coverage:.1%}",
            width="content",
            help=f"{found.answered:,} of {found.images:,} test images are answered.",
        )
        st.metric(
            "Accuracy of the answers",
            f"{found.accuracy:.2%}" if found.answered else "–",
            width="content",
            help=f"{found.right:,} of the {found.answered:,} answers are right.",
        )
        st.metric(
            "Wrong answers",
            f"{found.answered - found.right:,}",
            width="content",
            help="What would be read wrong without anybody noticing.",
        )
        st.metric(
            "I don't know",
            f"{found.images - found.answered:,}",
            width="content",
            help="Images that are left for somebody to look at.",
        )
