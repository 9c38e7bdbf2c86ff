"""The recipes that take more than one run: links to the sweeps that are ready to start."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.folds import popover
from digits_core.dashboard.pages import link
from digits_core.training.ready_sweeps import READY


def offer_sweeps() -> None:
    """Each a click away, with what to learn from it."""
    popover(
        "Compare settings in many runs",
        "ready_sweeps",
        _draw_links,
        icon=":material/grid_view:",
        width="stretch",
        help_text="Sweeps: many runs that differ in one or two settings, ready to start.",
    )


def _draw_links() -> None:
    for name, ready in READY.items():
        link("runs", name, runs_view="Sweeps", ready=name)
        st.caption(ready.lesson)
