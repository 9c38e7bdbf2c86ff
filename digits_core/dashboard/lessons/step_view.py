"""How each kind of step is drawn: its question, the answer, and what appears after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.checked_steps import show_check
from digits_core.dashboard.lessons.places import show_place
from digits_core.dashboard.lessons.prediction_view import ask_prediction, predicted, prediction_key
from digits_core.dashboard.lessons.progress import Progress
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError, LessonError
from digits_core.lessons.lesson import Do, Explain, Goal, Predict, Step

TEXT_LENGTH = 5000
"""Maximum length of an explanation, in characters."""
_REFUSED = "answer_refused"


def show_step(step: Step, progress: Progress) -> None:
    """Draw one step of a lesson: its text, the link to its place, and the learner's part."""
    st.markdown(f"#### {as_plain_text(step.title)}")
    if step.text:
        st.markdown(step.text)
    for each in step.recalls:
        if (recalled := progress.lesson.step(each)) is not None:
            _recall(recalled, progress)
    show_place(step, progress)
    match step:
        case Predict():
            _predict(step, progress)
        case Do() | Goal():
            show_check(step, progress)
        case Explain():
            _explain(step, progress)
        case _:
            pass  # a place to look at: going on is the answer
    if error := st.session_state.pop(_REFUSED, None):
        show_error(error)


def _predict(step: Predict, progress: Progress) -> None:
    st.markdown(f"**{as_plain_text(step.question)}**")
    if step.id not in progress.answers:
        name = f"{progress.lesson.name}_{step.id}"
        value = ask_prediction(step, name)
        st.button(
            "Commit my prediction",
            icon=":material/lock:",
            key="lesson_commit",
            type="primary",
            width="stretch",
            disabled=value is None,
            on_click=_commit,
            args=(step, progress, prediction_key(name)),
        )
        return
    _show_prediction(step, progress)
    if step.result:
        with st.container(key="lesson_result"):
            st.markdown(step.result)


def _commit(step: Predict, progress: Progress, key: str) -> None:
    if (value := st.session_state[key]) is not None:
        _try(progress.answer, step, value)


def _explain(step: Explain, progress: Progress) -> None:
    kept = progress.answers.get(step.id)
    key = f"lesson_text_{progress.lesson.name}_{step.id}"
    st.session_state.setdefault(key, kept.value if kept else "")
    st.text_area(
        as_plain_text(step.question),
        key=key,
        height=120,
        max_chars=TEXT_LENGTH,
        placeholder="In your own words",
        persist_state="session",
    )
    st.button(
        "Save",
        icon=":material/check:",
        key="lesson_save",
        type="secondary" if kept else "primary",
        width="stretch",
        on_click=_save_text,
        args=(step, progress, key),
    )
    if kept:
        with st.container(key="lesson_result"):
            st.caption("An answer to compare yours with")
            st.markdown(step.answer)


def _save_text(step: Explain, progress: Progress, key: str) -> None:
    if text := st.session_state[key].strip():
        _try(progress.answer, step, text, replace=True)
    else:
        st.session_state[_REFUSED] = LessonError("Write a sentence first: an answer to compare it with opens after it.")


def _recall(step: Step, progress: Progress) -> None:
    """Draw the answer to an earlier step again."""
    match step:
        case Predict() if step.id in progress.answers:
            st.caption(as_plain_text(step.question))
            _show_prediction(step, progress)
        case Explain() if step.id in progress.answers:
            st.caption(as_plain_text(step.question))
            st.markdown(f":material/edit_note: {as_plain_text(progress.answers[step.id].value)}")
        case Predict() | Explain():
            st.caption(f":material/help: You have not answered “{as_plain_text(step.title)}” yet.")
        case _:
            pass  # what was done can be seen in the app


def _show_prediction(step: Predict, progress: Progress) -> None:
    with st.container(key=f"lesson_prediction_{step.id}"):
        st.markdown(f":material/lock: You predicted: {predicted(step, progress.answers[step.id].value)}")


def _try(action: Callable[..., None], *arguments: Any, **named: Any) -> None:
    """Call the action; a refusal of the store is shown below the step."""
    try:
        action(*arguments, **named)
    except DigitsError as error:
        st.session_state[_REFUSED] = error
