"""The scale of accuracies and losses: one control for Training, Runs and sweeps."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.widgets import follow_old_link

LINEAR, LOG = "Linear", "Log error"
FORMER = {"Log": LOG}
"""The values in old links."""
KEY = "curve_scale"


def choose_scale() -> bool:
    """Draw the control and return True if the scale is logarithmic; it is in the URL, and the same on all pages."""
    follow_old_link(KEY, FORMER)
    chosen = st.segmented_control(
        "Scale",
        [LINEAR, LOG],
        default=LINEAR,
        required=True,
        key=KEY,
        bind="query-params",
        persist_state="session",
        label_visibility="collapsed",
        help="Log error: 1 − accuracy on a logarithmic scale. It tells 99 % from 99.9 %, which lie as far apart "
        "there as 90 % and 99 %. Losses are on a logarithmic scale, too.",
    )
    return chosen == LOG
