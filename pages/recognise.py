"""Recognise: read handwriting with a network that you trained."""

import streamlit as st

from digits_core.dashboard.hiding import group
from digits_core.dashboard.pages import page_head
from digits_core.dashboard.recognise import canvas_view, compare_runs, reading_history, train_here, upload
from digits_core.dashboard.recognise.answer_display import await_verdicts
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_best_run, warn_of_doubtful
from digits_core.runs.store import Run

WAYS = ["Draw", "Upload", "Compare", "History"]
WITH_ONE_RUN = {"Upload": upload.show, "History": reading_history.show}


HIDEABLE = {
    "input": "Input",
    "paper": "One digit or a number",
    "run": "Choice of the network",
    "save": "Save to Handwriting",
    "again": "Train again with my handwriting",
    "why": "Which pixels decided",
}


def recognise(runs: list[Run]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="recognise_controls"):
        with group("input"):
            way = st.segmented_control(
                "Input",
                WAYS,
                default="Draw",
                required=True,
                key="input",
                bind="query-params",
                persist_state="session",
                wrap=True,
                help="**Draw** with mouse, pen or finger. **Upload** photos or scans of paper. **Compare** runs on one "
                "drawing. **History**: what was read in this session.",
            )
        if way == "Compare":
            compare = compare_runs.choose(runs)
        else:
            paper = canvas_view.choose_paper() if way == "Draw" else ""
            with group("run"):
                run = choose_best_run(
                    runs,
                    "The network that reads; the best finished run unless you choose another. One trained on other "
                    "people's digits may fail on yours: compare.",
                )
    if way == "Compare":
        compare()
    else:
        warn_of_doubtful(run)
        await_verdicts([run.id])
        if way == "Draw":
            canvas_view.show(run, paper)
        else:
            WITH_ONE_RUN[way](run)


page_head("recognise", hideable=HIDEABLE)
runs = state().runs.usable(logged=True)
if runs:
    recognise(runs)
else:
    train_here.first_network()
