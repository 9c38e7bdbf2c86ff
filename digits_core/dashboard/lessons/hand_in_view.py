"""The button that exports a lesson to hand it in."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from digits_core.dashboard.lessons.progress import Progress
from digits_core.dashboard.state import state
from digits_core.lessons.hand_in import file_name, make_hand_in


def offer_hand_in(progress: Progress, where: Literal["card", "step"]) -> None:
    """Draw the button that downloads a learner's answers and their runs as one zip; nothing before the first answer."""
    if progress.learner is None or not progress.answers:
        return
    on_card = where == "card"
    st.download_button(
        "Hand in",
        lambda: _zip(progress),
        file_name(progress.lesson, progress.learner.name),
        "application/zip",
        key=f"hand_in_{where}_{progress.lesson.name}",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary" if on_card else "secondary",
        width="content" if on_card else "stretch",
        help="One zip with your predictions and explanations, the runs of your steps, and a report to read.",
    )


def _zip(progress: Progress) -> bytes:
    """Make the zip from the answers at the time of the click."""
    assert progress.learner is not None
    here = state()
    answers = here.learners.answers(progress.learner, progress.lesson.name)
    return make_hand_in(
        progress.lesson, progress.learner.name, answers, here.runs, here.home, here.run_data, progress.evidence()
    )
