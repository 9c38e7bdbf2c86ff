"""The column next to every page while a lesson is open: one step at a time."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.hand_in_view import offer_hand_in
from digits_core.dashboard.lessons.learner import ask_name, current_learner
from digits_core.dashboard.lessons.open_lesson import OpenLesson, close, follow_address, open_at, opened
from digits_core.dashboard.lessons.places import arrive
from digits_core.dashboard.lessons.progress import Progress, begun
from digits_core.dashboard.lessons.step_view import show_step
from digits_core.dashboard.pages import current_page
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.lessons.lesson import Lesson, Look, Step

WIDTH = 300
"""Width of the sidebar in pixels while a lesson is open, for its text. The same value is in style.css."""


def show_lesson_column() -> None:
    """Draw the open lesson below the menu; nothing if none is open. An error in it does not affect the page."""
    is_another = follow_address()
    where = opened()
    if where is None:
        return
    if is_another and (lesson := state().lessons.get(where.name)) is not None:
        arrive(lesson.steps[min(where.step, len(lesson.steps)) - 1])
    with st.sidebar, st.container(key="lesson_column", gap="small"):
        if current_page() == "lessons":
            _draw()  # the cards next to it show its progress
        else:
            st.fragment(_draw)()


def _draw() -> None:
    where = opened()
    if where is None:
        st.rerun()  # it was closed: the sidebar becomes narrow again
    try:
        _draw_lesson(where)
    except DigitsError as error:
        show_error(error)
        _close_button()


def _draw_lesson(where: OpenLesson) -> None:
    lesson = state().lessons.get(where.name)
    if lesson is None:
        st.warning(f"There is no lesson “{as_plain_text(where.name[:40])}” here that can be read.")
        _close_button()
        return
    learner = current_learner()
    # Collapsible, because on a phone it covers a part of the page.
    with st.expander(as_plain_text(lesson.title), expanded=True, key=f"lesson_sheet_{lesson.name}"):
        if learner is None:
            _welcome(lesson)
            return
        number = min(where.step, len(lesson.steps))
        step = lesson.steps[number - 1]
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson_head"):
            st.caption(f"Step {number} of {len(lesson.steps)} · {as_plain_text(learner.name)}", width="stretch")
            _close_button()
        st.progress(number / len(lesson.steps))
        if number == 1 and lesson.introduction:
            st.markdown(lesson.introduction)
        progress = begun(lesson, learner)
        show_step(step, progress)
        if number == len(lesson.steps):
            offer_hand_in(progress, "step")
        _walk(step, number, progress)


def _welcome(lesson: Lesson) -> None:
    """Draw what a lesson is about, and ask for the learner's name if it is unknown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson_head"):
        st.caption(f"{lesson.minutes} minutes · {len(lesson.steps)} steps", width="stretch")
        _close_button()
    st.markdown(lesson.outcome)
    ask_name("Start")


def _walk(step: Step, number: int, progress: Progress) -> None:
    """Draw the buttons for the previous and next step; on the last step, Finish leaves the lesson."""
    last = number == len(progress.lesson.steps)
    answered = step.id in progress.answers or isinstance(step, Look)
    with st.container(horizontal=True, gap="xsmall", key="lesson_walk"):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            key="lesson_back",
            disabled=number == 1,
            width="stretch",
            on_click=open_at,
            args=(progress.lesson.name, number - 1),
        )
        st.button(
            "Finish" if last else "Next",
            icon=":material/done_all:" if last else ":material/arrow_forward:",
            icon_position="right",
            key="lesson_next",
            type="primary" if answered else "secondary",
            width="stretch",
            on_click=_go_on,
            args=(step, number, progress),
        )


def _go_on(step: Step, number: int, progress: Progress) -> None:
    if isinstance(step, Look) and step.id not in progress.answers:
        progress.answer(step)
    if number == len(progress.lesson.steps):
        close()
    else:
        open_at(progress.lesson.name, number + 1)


def _close_button() -> None:
    st.button(
        "Close",
        icon=":material/close:",
        key="lesson_close",
        type="tertiary",
        on_click=close,
        help="Closes the lesson. Your answers are kept, and you can go on where you were.",
    )
