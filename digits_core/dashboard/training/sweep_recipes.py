"""Ready-made sweeps: one click starts them from any page and shows their chart."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.folds import popover
from digits_core.dashboard.pages import link, page
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.session import session_id
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.training.ready_sweeps import READY

VIEW, SWEEPS = "runs_view", "Sweeps"
"""The key of the view of the Runs page, and the view that shows sweeps."""
CHOSEN, AWAITED = "sweep", "awaited_sweep"
"""The sweep that is shown, and the one that was just started, whose chart is to be scrolled into view."""


def offer_sweeps() -> None:
    """Draw the popover with the ready-made sweeps, each started by one click."""
    popover(
        "Compare settings in many runs",
        "ready_sweeps",
        lambda: draw_ready_sweeps(lessons=False),
        icon=":material/grid_view:",
        width="stretch",
        help_text="Sweeps: many runs that differ in one or two settings, ready to start.",
    )


def offer_start(name: str, label: str = "Start") -> None:
    """Draw the button that starts a ready-made sweep and goes to its chart."""
    pressed = change_button(
        label,
        icon=":material/play_arrow:",
        key=f"start_{name}",
        help=f"Starts {READY[name].plan.size} runs and shows their chart. {READY[name].lesson}",
    )
    if not pressed:
        return
    try:
        sweep = state().conductor.start(READY[name].plan, session_id())
    except DigitsError as error:
        show_error(error)
        return
    st.session_state[AWAITED] = sweep.id
    st.switch_page(page("runs"), query_params={VIEW: SWEEPS, CHOSEN: sweep.id})


def draw_ready_sweeps(lessons: bool = True) -> None:
    """Draw each ready-made sweep: a link to its form, the button that starts it, and what it teaches."""
    for name, ready in READY.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            with st.container(gap="xxsmall"):
                link("runs", name, **{VIEW: SWEEPS, "ready": name})
                if lessons:
                    st.caption(ready.lesson)
            offer_start(name)
