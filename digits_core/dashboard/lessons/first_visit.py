"""What the front page shows to a person who has not started a lesson yet: where to begin."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.lessons.learner import current_learner
from digits_core.dashboard.lessons.open_lesson import opened
from digits_core.dashboard.pages import link
from digits_core.dashboard.session import session_id

_DISMISSED: set[str] = set()
"""The browsers in which the suggestion was dismissed, until the app is restarted."""
AT_MOST = 10_000


def offer_first_lesson() -> None:
    """Draw a link to the lessons, and the button that dismisses it; nothing for learners, or while a lesson is open."""
    if opened() is not None or session_id() in _DISMISSED or current_learner() is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", width="content", key="first_lesson"):
        link("lessons", "Start with a lesson")
        st.button(
            "Dismiss",
            icon=":material/close:",
            key="dismiss_first_lesson",
            type="tertiary",
            on_click=_dismiss,
        )


def _dismiss() -> None:
    if len(_DISMISSED) >= AT_MOST:
        _DISMISSED.clear()
    _DISMISSED.add(session_id())
