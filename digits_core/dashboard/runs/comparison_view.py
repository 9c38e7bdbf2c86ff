"""Several runs beside each other: their curves, what differs in their settings, where they disagree."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from digits_core.dashboard.runs.compare.curves_view import curves_and_differences
from digits_core.dashboard.runs.compare.disagreement import disagreements
from digits_core.dashboard.runs.compare.parallel import parallel
from digits_core.dashboard.runs.compare.per_digit import accuracy_per_digit
from digits_core.dashboard.runs.compare.scatter import any_against_any
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.runs.store import Run

VIEWS: dict[str, Callable[[list[Run]], None]] = {
    "Curves": curves_and_differences,
    "Parallel coordinates": parallel,
    "Scatter": any_against_any,
    "Per digit": accuracy_per_digit,
    "Disagreement": disagreements,
}
COLOURED = ("Curves", "Scatter")
"""The views that tell runs apart by their colours alone."""
VIEW_HELP = (
    "Curves: loss and accuracy while training, and which settings differ. Parallel coordinates: each run a line "
    "through its settings and results. Scatter: any of them against any other. Per digit: which digits a "
    "run is better at. Disagreement: the test images to which two runs give different answers."
)


def show_comparison(runs: list[Run]) -> None:
    """What the chosen runs have in common and what not; curves go on while one of them trains."""
    view = st.segmented_control(
        "Comparison",
        list(VIEWS),
        default="Curves",
        required=True,
        key="comparison",
        bind="query-params",
        help=VIEW_HELP,
        label_visibility="collapsed",
    )
    if not runs:
        st.info("Select one or more rows of the table to compare these runs.", icon=":material/checklist:")
        return
    if view in COLOURED and len({(run.number - 1) % len(DIGIT_COLOURS) for run in runs}) < len(runs):
        st.caption(
            f"There are {len(DIGIT_COLOURS)} colours: runs whose numbers end alike share one. Point at a line or a "
            "point to see whose it is."
        )
    VIEWS[view](runs)
