"""Runs: compare what was trained."""

import pandas as pd
import streamlit as st

from digits_core.dashboard.live import POLL_S, show_curves
from digits_core.dashboard.pages import next_step
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import empty_state
from digits_core.runs.store import Run

COMPARED_AT_MOST = 10


def table_of(runs: list[Run]) -> pd.DataFrame:
    """One row a run: what it is, how it was set, what came out."""
    return pd.DataFrame(
        [
            {
                "Run": run.title,
                "Status": run.status,
                "Accuracy": run.test_accuracy,
                "Loss": run.test_loss,
                "Time": run.seconds,
                "Trained on": " + ".join(run.config.data.train),
                "Tested on": " + ".join(run.config.data.test),
                "Epochs": run.config.training.epochs,
                "Batch size": run.config.training.batch_size,
                "Learning rate": run.config.training.learning_rate,
                "Optimizer": run.config.training.optimizer,
                "Loss function": run.config.training.loss,
                "Started": pd.Timestamp(run.created, unit="s", tz="UTC"),
                "Note": run.message,
            }
            for run in runs
        ]
    )


COLUMNS = {
    "Accuracy": st.column_config.NumberColumn(format="percent", help="Share of test images recognised, after the run."),
    "Loss": st.column_config.NumberColumn(format="%.4f", help="Mean loss on the test images."),
    "Time": st.column_config.NumberColumn(format="%.1f s", help="Training and evaluation, all epochs."),
    "Learning rate": st.column_config.NumberColumn(format="%g"),
    "Started": st.column_config.DatetimeColumn(format="distance"),
}


def chosen_at_first(runs: list[Run]) -> list[int]:
    """The rows that the URL names, else the newest two that have something to show."""
    named = st.query_params.get_all("compare")
    if named:
        return [row for row, run in enumerate(runs) if run.id in named]
    return [row for row, run in enumerate(runs) if run.test_accuracy is not None][:2]


def choose(runs: list[Run]) -> list[Run]:
    """The table; returns the runs whose rows are selected and keeps them in the URL."""
    st.caption("Select rows to compare their curves. The selection is in the address: send it to someone.")
    table = st.dataframe(
        table_of(runs), hide_index=True, key="runs", on_select="rerun", selection_mode="multi-row",
        selection_default={"selection": {"rows": chosen_at_first(runs)}}, column_config=COLUMNS,
        alt="All runs with their settings and results", placeholder="–",
    )  # fmt: skip
    chosen = [runs[row] for row in table.selection.rows if row < len(runs)]
    st.query_params["compare"] = [run.id for run in chosen]
    return chosen


def compare(run_ids: list[str], alive: bool) -> None:
    """The curves of the chosen runs as they are now."""
    runs = [state().runs.get(run_id) for run_id in run_ids]
    if alive and not any(run.live for run in runs):
        st.rerun()
    show_curves(runs, "compared")


st.title("Runs")
st.write("Compare what was trained: which settings gave which accuracy, and how fast.")
runs = state().runs.runs()
if not runs:
    empty_state(
        "No run yet. Train one, then a second with another setting, and compare them here.", "training", "Train"
    )
else:
    chosen = choose(runs)
    st.subheader("Curves")
    if not chosen:
        st.info("Select one or more rows of the table to see their curves.")
    else:
        if len(chosen) > COMPARED_AT_MOST:
            st.caption(f"The first {COMPARED_AT_MOST} of {len(chosen)} chosen runs: beyond that, colours repeat.")
        shown = chosen[:COMPARED_AT_MOST]
        alive = any(run.live for run in shown)
        st.fragment(compare, run_every=POLL_S if alive else None)([run.id for run in shown], alive)
next_step("runs")
