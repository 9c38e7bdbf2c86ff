"""Record: a run's settings, its environment, the changes made while it ran, and its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import lecture_lines
from digits_core.dashboard.pages import page
from digits_core.dashboard.runs.one_run.logged_record import logged_metrics, logged_settings
from digits_core.dashboard.state import state
from digits_core.errors import DigitsError
from digits_core.runs.logged import OWN_LOOP
from digits_core.runs.rows import ChangeRow
from digits_core.runs.run_data import changed_data
from digits_core.runs.run_settings import CHANGES, NONE, settings_of
from digits_core.runs.store import Run
from digits_core.settings import SECTION_OF, title_of, written
from digits_core.training.config_fields import differences, to_query, value_of
from digits_core.training.recipes import LECTURE, find

DONE = {
    "learning_rate": "learning rate set to {value:g}",
    "epochs": "epochs set to {value:.0f} in all",
    "paused": "paused",
    "resumed": "resumed",
    "stopped": "stopped",
    "restarted": "resumed from its last checkpoint",
}
NOTED = {
    "datasets": "fingerprint of",
    "datasets before": "first fingerprint of",
    "tested on": "test images of",
    "images train": "training images",
    "images test": "test images",
}
"""Longer titles for environment entries whose names are too short."""
LOG_HEIGHT = 300


def show_record(run: Run) -> None:
    settings, beside = st.columns(2, gap="medium")
    with settings:
        st.subheader("Settings")
        if run.is_logged:
            logged_settings(run)
        else:
            _settings(run)
    with beside:
        st.subheader("Environment")
        _environment(run)
    if run.is_logged:
        st.subheader("Metrics")
        logged_metrics(run)
    else:
        st.subheader("Changed while it ran")
        _history(run)
    st.subheader("Log")
    lines = lecture_lines(run, state().epochs.of([run.id])[0])
    st.code(lines, language=None, height=LOG_HEIGHT, wrap_lines=True)


def _settings(run: Run) -> None:
    base = _base(run)
    different = differences(base, run.plan)
    rows = [
        {"Setting": title_of(field), "Value": written(field, value), "Recipe": _in_recipe(field, different)}
        for field in SECTION_OF
        for value in [value_of(run.plan, field)]
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=420,
        alt="All settings of this run",
        column_config={
            "Recipe": st.column_config.TextColumn(
                f"In {base.recipe}", help="What the recipe that it started from says, where that differs."
            )
        },
    )
    if (changes := settings_of(run)[CHANGES]) != NONE:
        st.caption(f":material/info: Not as it was set throughout: {as_plain_text(changes)}.")
    query = to_query(run.plan)
    st.page_link(
        page("training"),
        label="Train with these settings",
        icon=":material/replay:",
        query_params=query,
        help="Opens the form on Training with them. A new run trains on the datasets as they are then.",
    )
    with st.expander("As JSON"):
        st.code(json.dumps(run.plan.model_dump(mode="json"), indent=2), language="json", height=300)


def _base(run: Run) -> Any:
    """Return the config of the recipe that a run started from, or the lecture's if that recipe no longer exists."""
    try:
        return find(run.recipe).config
    except DigitsError:
        return LECTURE.config


def _in_recipe(field: str, different: Mapping[str, Any]) -> str:
    """Return the recipe's value as text if it differs from the run's, otherwise ""."""
    return written(field, different[field]) if field in different else ""


def _environment(run: Run) -> None:
    if not run.environment and not run.is_logged:
        st.info("It is noted when the training starts: versions, device, data. This run has not started.")
        return
    rows = [{"What": name, "Value": text} for name, text in _flat(run.environment)]
    rows += [{"What": "run", "Value": run.id}]
    if run.is_logged:
        rows += [{"What": "logged from" if run.origin == OWN_LOOP else "imported from", "Value": run.origin}]
    else:
        rows += [{"What": "seed", "Value": str(run.config.training.seed)}]
    height: Literal["content"] | int = "content" if run.is_logged else 420
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=height, alt="Versions, device and data of this run")
    if run.is_logged:
        return
    if reason := changed_data(run) or state().run_data.problem(run):
        st.warning(as_plain_text(reason))
    st.caption(
        "The same settings, data and versions on the same machine give the same numbers: this is what to compare where "
        "they do not. A dataset's fingerprint changes with any pixel, label or place in the split."
    )


def _flat(content: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in content.items():
        title = f"{before} {name}".strip().replace("_", " ")
        title = NOTED.get(title, title)
        rows += _flat(value, title) if isinstance(value, dict) else [(title, written(name, value) or "unknown")]
    return rows


def _history(run: Run) -> None:
    changes = state().runs.changes(run.id)
    if not changes:
        st.caption("Nothing: it ran as it was set.")
        return
    rows = [
        {
            "When": pd.Timestamp(each.created, unit="s", tz="UTC"),
            "Epoch": each.epoch,
            "After batch": each.batch,
            "What": _done(each),
        }
        for each in changes
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        alt="What was done to this run by hand, in order",
        column_config={"When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )


def _done(change: ChangeRow) -> str:
    return DONE[change.what].format(value=change.value if change.value is not None else 0.0)
