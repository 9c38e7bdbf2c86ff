"""Steps that the app ticks by itself, as soon as its stored data show that they are done."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.progress import Progress, version_of_store
from digits_core.lessons.checks import Verdict
from digits_core.lessons.lesson import Do, Goal

LOOK_S = 2.0
"""How often to check whether a step is done."""
_LOOKED = "lesson_looked"


def show_check(step: Do | Goal, progress: Progress) -> None:
    """Show whether a step is done; until it is, check repeatedly, and redraw the page as soon as it is."""
    if step.id in progress.answers:
        st.markdown(":green[:material/check_circle:] **Done**")
        return
    st.session_state.pop(_LOOKED, None)
    # It redraws no other part of the page until there is something to tick.
    st.fragment(_await, run_every=LOOK_S)(step, progress)


def _await(step: Do | Goal, progress: Progress) -> None:
    verdict = _verdict(step, progress)
    if verdict.met:
        progress.answer(step, True, verdict.runs)
        st.rerun()
    icon = "flag" if isinstance(step, Goal) else "radio_button_unchecked"
    with st.container(key="lesson_missing"):
        st.caption(f":material/{icon}: {as_plain_text(verdict.missing)}")


def _verdict(step: Do | Goal, progress: Progress) -> Verdict:
    """Return the verdict of the check; while the database is unchanged, the previous one."""
    now = version_of_store()
    before, verdict = st.session_state.get(_LOOKED, (None, None))
    if verdict is None or now != before:
        verdict = progress.judge(step)
        st.session_state[_LOOKED] = (now, verdict)
    return verdict
