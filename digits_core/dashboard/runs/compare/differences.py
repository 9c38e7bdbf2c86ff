"""The settings of the chosen runs, by default only those that differ, next to the results."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from digits_core.dashboard.runs.compare.quantities import (
    ACCURACY,
    ALL_SETTINGS,
    BY_HAND,
    LOSS,
    SECONDS,
    Quantity,
    settings_that_differ,
)
from digits_core.evaluation.comparison.tested_images import images_tested_on
from digits_core.runs.store import Run
from digits_core.settings import title_of

COLUMNS = {
    "Run": st.column_config.TextColumn(pinned=True, width=190, help="Number and name."),
    ACCURACY.title: st.column_config.NumberColumn(format="percent", help="Share of test images recognised."),
    LOSS.title: st.column_config.NumberColumn(format="%.4f", help="Mean loss on the test images."),
    SECONDS.title: st.column_config.NumberColumn(format="%.1f s", help="Training and evaluation, all epochs."),
    title_of("learning_rate"): st.column_config.NumberColumn(format="%g"),
}


@st.fragment
def differences(runs: list[Run]) -> None:
    differ = settings_that_differ(runs)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.subheader("Settings")
        everything = st.toggle(
            "Show all",
            key="all_settings",
            bind="query-params",
            persist_state="session",
            help="All settings of these runs, not only those that are not the same in all of them.",
        )
    st.caption(_in_words(runs, differ))
    shown = table(runs, [*ALL_SETTINGS, BY_HAND] if everything else differ)
    st.dataframe(
        shown,
        hide_index=True,
        column_config=COLUMNS,
        key="differences",
        placeholder="–",
        alt="The chosen runs with their settings and results",
    )
    if len(set(images_tested_on([run for run in runs if run.test_accuracy is not None]))) > 1:
        st.caption(
            ":material/info: These runs were not all tested on the same images: part of what differs in their accuracy "
            "may come from the test."
        )


def table(runs: list[Run], settings: list[Quantity]) -> pd.DataFrame:
    """Return one row per run: its name, these settings and its results."""
    columns = [*settings, ACCURACY, LOSS, SECONDS]
    return pd.DataFrame([{"Run": run.title, **{each.title: each.of(run) for each in columns}} for run in runs])


def _in_words(runs: list[Run], differ: list[Quantity]) -> str:
    if len(runs) == 1:
        return "Select a second run to see in which settings the two differ."
    names = [each.title.lower() for each in differ if each.name != BY_HAND.name]
    changed = " They differ in what was changed by hand." if len(names) < len(differ) else ""
    if not names:
        return f"These {len(runs)} runs have the same settings.{changed}"
    few = f"{len(names)} of {len(ALL_SETTINGS)} settings"
    return f"{few} differ between these {len(runs)} runs: {', '.join(names)}.{changed}"
