"""Parallel coordinates: each run is a line through its settings and results; drag along an axis to pick runs."""

from __future__ import annotations

from math import isfinite

import streamlit as st

from digits_core.dashboard.charts import Brush, show_brushed_chart
from digits_core.dashboard.runs.compare.differences import COLUMNS, table
from digits_core.dashboard.runs.compare.quantities import (
    ACCURACY,
    LOSS,
    SECONDS,
    axis_of,
    passing,
    settings_that_differ,
)
from digits_core.figures.comparison_figures import PARALLEL_HEIGHT, Axis, parallel_coordinates
from digits_core.figures.palette import DIGIT_COLOURS, run_colour
from digits_core.runs.store import Run

AXES_AT_MOST = 10
AXIS_WIDTH = 92
"""The minimum width, in pixels, in which the labels of an axis are legible."""


@st.fragment
def parallel(runs: list[Run]) -> None:
    judged = [run for run in runs if run.test_accuracy is not None and isfinite(run.test_loss or 0.0)]
    if len(judged) < 2:
        st.info("Select two or more runs that have a result: lines that cross or bundle need company.")
        return
    offered = {each.title: each for each in (*settings_that_differ(judged), ACCURACY, LOSS, SECONDS)}
    left_out = [title for title in st.session_state.get("axes_left_out", []) if title in offered]
    st.session_state["axes_left_out"] = left_out
    without = st.multiselect(
        "Leave out",
        list(offered),
        key="axes_left_out",
        bind="query-params",
        persist_state="session",
        placeholder="no axis",
        help="Settings that are the same in all runs have no axis. Leave out more to see the others better.",
    )
    quantities = [each for title, each in offered.items() if title not in without][-AXES_AT_MOST:]
    if len(quantities) < 2:
        st.info("Two axes at least: leave out fewer.")
        return
    axes = [axis_of(each, judged) for each in quantities]
    brush = _draw(judged, axes)
    _say_what_passes(judged, axes, brush)


def _draw(runs: list[Run], axes: list[Axis]) -> Brush:
    few = len(runs) <= len(DIGIT_COLOURS)
    colours = [run_colour(run.number) for run in runs] if few else []
    title = f"{len(runs):,} runs, {'one colour each' if few else 'coloured by accuracy'}"
    chart = parallel_coordinates(axes, colours, [run.test_accuracy or 0.0 for run in runs], title, ACCURACY.title)
    return show_brushed_chart(
        chart, "parallel", "Each run a line through its settings and results", PARALLEL_HEIGHT, AXIS_WIDTH * len(axes)
    )


def _say_what_passes(runs: list[Run], axes: list[Axis], brush: Brush) -> None:
    picked = [runs[place] for place in passing(axes, brush)]
    if not brush:
        st.caption(
            "Drag along an axis to pick the runs that pass there; click outside the range to clear it. Drag an axis by "
            "its name to put it elsewhere. Lines that cross between a setting and the accuracy say: more is not better."
        )
        return
    st.caption(f"{len(picked)} of {len(runs)} runs pass through what is picked.")
    if picked:
        differ = settings_that_differ(runs)
        st.dataframe(table(picked, differ), hide_index=True, column_config=COLUMNS, key="picked", placeholder="–")
