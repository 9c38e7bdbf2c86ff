"""The record of a run that this app did not train: its settings and metrics, under their original names."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.state import state
from digits_core.runs.logged_config import as_settings
from digits_core.runs.store import Run
from digits_core.settings import title_of, written


def logged_settings(run: Run) -> None:
    """Draw the config as it was logged, and the settings that this app recognises in it."""
    if not run.logged_config:
        st.info("Its loop said nothing of its settings: `init(config={…})` keeps them.")
        return
    rows = [{"Setting": name, "Value": _as_text(value)} for name, value in run.logged_config.items()]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="The config that was logged with this run")
    known = as_settings(run.logged_config_json)
    words = ", ".join(f"{title_of(field)} {written(field, value)}" for field, value in known.items())
    if words:
        st.caption(f"Compared with other runs as: {as_plain_text(words)}.")


def logged_metrics(run: Run) -> None:
    """Draw the run's additional metrics: their number of values, the last, the lowest and the highest."""
    logged = state().runs.logged
    names = logged.metric_names(run.id)
    if not names:
        st.caption("None but those that every run has.")
        return
    rows = []
    for name in names:
        metric = logged.metric(run.id, name)
        known = metric.values[np.isfinite(metric.values)]
        last, low, high = (known[-1], known.min(), known.max()) if len(known) else (None, None, None)
        rows.append({"Metric": name, "Values": len(metric.steps), "Last": last, "Lowest": low, "Highest": high})
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", alt="The metrics of this run", placeholder="not a number"
    )
    st.caption("Compare draws each of them, for all chosen runs that have it.")


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
