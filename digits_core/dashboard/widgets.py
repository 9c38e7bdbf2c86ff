"""Controls and small pieces that several pages share."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from digits_core.dashboard.errors import as_plain_text
from digits_core.dashboard.pages import link
from digits_core.data.catalogue import ENTRIES
from digits_core.data.digits import Split
from digits_core.errors import DigitsError
from digits_core.runs.store import Run

# Charts keep still under the finger and without a toolbar that covers their titles.
CHART_CONFIG = {"displayModeBar": False, "scrollZoom": False}
SPLIT_HELP = "Training images teach the network; test images are never shown to it while it learns, only to judge it."


def show_chart(chart: go.Figure, key: str, alt: str) -> None:
    """Draw a figure; `alt` says in words what it shows."""
    st.plotly_chart(chart, key=key, config=CHART_CONFIG, alt=alt)


def choose_dataset() -> str:
    """The name of the dataset that this page looks at; in the URL as `dataset`."""
    return st.selectbox(
        "Dataset",
        list(ENTRIES),
        key="dataset",
        bind="query-params",
        help="A dataset is a set of images with their labels. What holds for one need not hold for another: that is "
        "what the comparison of datasets teaches.",
    )


def choose_split(key: str = "split") -> Split:
    """Training or test images; in the URL."""
    return st.segmented_control(
        "Split",
        ["train", "test"],
        default="train",
        required=True,
        key=key,
        bind="query-params",
        help=SPLIT_HELP,
    )


def choose_run(runs: Sequence[Run], help_text: str) -> Run:
    """One of these runs, the newest unless the URL says another; always in the URL as `run`.

    By hand, because Streamlit's binding would write the label, which changes, and not the id.
    """
    by_id = {run.id: run for run in runs}
    in_url = st.query_params.get("run")
    if in_url and in_url != st.session_state.get("run_in_url"):
        st.session_state["run"] = in_url
    wanted = st.session_state.get("run")
    if wanted not in by_id:
        if wanted:
            name = as_plain_text(wanted[:40])
            st.warning(f"There is no run {name} to show here: it was deleted or has no weights. The newest is shown.")
        st.session_state["run"] = runs[0].id
    chosen = st.selectbox(
        "Run", list(by_id), format_func=lambda run_id: run_label(by_id[run_id]), key="run", persist_state="session",
        help=help_text,
    )  # fmt: skip
    st.query_params["run"] = st.session_state["run_in_url"] = chosen
    return by_id[chosen]


def run_label(run: Run) -> str:
    """A run in a list: its number and name, and how well it does or what state it is in."""
    if run.live:
        return f"{run.title} · in training"
    accuracy = f"{run.test_accuracy:.2%}" if run.test_accuracy is not None else "no result"
    return f"{run.title} · {accuracy if run.status == 'finished' else f'{accuracy}, {run.status}'}"


def empty_state(text: str, page: str, label: str) -> None:
    """What a page says when it has nothing to show, and the link to where that can be changed."""
    with st.container(border=True):
        st.write(text)
        link(page, label)


def show_error(error: DigitsError) -> None:
    """An error beside the control that caused it; the rest of the page goes on."""
    st.error(as_plain_text(str(error)), icon=":material/error:")
