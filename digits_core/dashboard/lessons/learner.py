"""Who is learning: a name that a person chooses once, or their login."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.folds import popover
from digits_core.dashboard.login import login_name
from digits_core.dashboard.session import session_id
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.lessons.learners import NAME_LENGTH, Learner

HELP = (
    "Your answers are kept under this name. Choose one that others do not use; with the same name you go on where you "
    "were, on any computer that opens this app."
)
_REFUSED = "learner_refused"


def current_learner() -> Learner | None:
    """Return the learner in this browser; `None` until they give their name. A login counts as a name."""
    found = state().learners.of(session_id())
    name = login_name()
    if name is not None and (found is None or found.name != name):
        return state().learners.join(session_id(), name)
    return found


def ask_name(label: str, key: str = "learner", now: str = "", then: Callable[[], None] | None = None) -> None:
    """Draw the form that asks for a name, and continue as that learner in this browser; `then` is called after it."""
    with st.form(f"{key}_form", border=False):
        st.text_input("Your name", now, max_chars=NAME_LENGTH, key=f"{key}_name", help=HELP)
        st.form_submit_button(label, key=f"{key}_join", type="primary", on_click=_join, args=(f"{key}_name", then))
    if error := st.session_state.pop(_REFUSED, None):
        show_error(error)


def offer_change(learner: Learner) -> None:
    """Draw the learner's name, which opens a form to continue as another one; a login cannot be changed here."""
    name = as_plain_text(learner.name)
    if login_name() is not None:
        st.markdown(f":material/person: {name}", width="content")
        return
    popover(
        name,
        "learner_change",
        lambda: ask_name("Change", "other_learner", learner.name, _fold),
        icon=":material/person:",
        help_text="The learner whose progress is shown. Choose another name to go on as somebody else.",
    )


def _join(key: str, then: Callable[[], None] | None) -> None:
    try:
        state().learners.join(session_id(), st.session_state[key].strip())
    except DigitsError as error:
        st.session_state[_REFUSED] = error
        return
    if then is not None:
        then()


def _fold() -> None:
    st.session_state["learner_change"] = False
