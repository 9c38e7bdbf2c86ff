"""Several runs side by side: their curves, the settings that differ, the images they disagree on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from digits_core.dashboard.runs.compare.curves_view import choose_curves, curves_and_differences
from digits_core.dashboard.runs.compare.disagreement import disagreements
from digits_core.dashboard.runs.compare.parallel import parallel
from digits_core.dashboard.runs.compare.per_digit import accuracy_per_digit
from digits_core.dashboard.runs.compare.scatter import any_against_any
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.runs.store import Run

CURVES = "Curves"
VIEWS: dict[str, Callable[[list[Run]], None]] = {
    "Parallel coordinates": parallel,
    "Scatter": any_against_any,
    "Per digit": accuracy_per_digit,
    "Disagreement": disagreements,
}
"""The views other than the curves, which have their own controls next to the choice of the view."""
COLOURED = (CURVES, "Scatter")
"""The views that distinguish runs by colour alone."""
VIEW_HELP = (
    "Curves: loss and accuracy while training, and which settings differ. Parallel coordinates: each run a line "
    "through its settings and results. Scatter: any of them against any other. Per digit: which digits a "
    "run is better at. Disagreement: the test images to which two runs give different answers."
)


def show_comparison(runs: list[Run]) -> None:
    """Draw the chosen comparison of the runs; curves update while one of them trains."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="comparison_row"):
        view = st.segmented_control(
            "Comparison",
            [CURVES, *VIEWS],
            default=CURVES,
            required=True,
            key="comparison",
            bind="query-params",
            persist_state="session",
            wrap=True,
            help=VIEW_HELP,
            label_visibility="collapsed",
        )
        choice = choose_curves() if view == CURVES else None
    if not runs:
        with st.container(key="main_picture"):
            st.info("Select one or more rows of the table to compare these runs.", icon=":material/checklist:")
        return
    if view in COLOURED and len({(run.number - 1) % len(DIGIT_COLOURS) for run in runs}) < len(runs):
        st.caption(
            f"There are {len(DIGIT_COLOURS)} colours: runs whose numbers end alike share one. Point at a line or a "
            "point to see whose it is."
        )
    if choice is not None:
        curves_and_differences(runs, choice)
    else:
        VIEWS[view](runs)
