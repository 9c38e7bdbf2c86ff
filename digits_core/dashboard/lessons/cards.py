"""A card per lesson: what it teaches, the learner's progress, and the button that opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.hand_in_view import offer_hand_in
from digits_core.dashboard.lessons.learner import current_learner, offer_change
from digits_core.dashboard.lessons.open_lesson import close, open_at, opened
from digits_core.dashboard.lessons.progress import Progress
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.lessons.learners import Learner
from digits_core.lessons.lesson import Lesson, Unreadable

_RESET, _REFUSED = "reset_lesson", "reset_refused"


def show_lessons() -> None:
    """Draw the learner and the next lesson, then the cards of all lessons, then the files that cannot be read."""
    found = state().lessons.all()
    learner = current_learner()
    attempts = state().learners.attempts(learner) if learner else {}
    all_progress = [
        Progress(lesson, learner, attempts.get(lesson.name)) for lesson in found if isinstance(lesson, Lesson)
    ]
    with st.container(key="main_action", horizontal=True, vertical_alignment="center"):
        _offer_next(all_progress)
        if learner is not None:
            offer_change(learner)
    _offer_undo(learner)
    with st.container(key="main_picture"):
        if not all_progress:
            folder = as_plain_text(str(state().home.lessons))
            st.info(f"There are no lessons here. Put Markdown files into the folder {folder}, and they appear at once.")
        with st.container(key="lesson_cards"):
            for each in all_progress:
                _card(each)
    _say_what_is_wrong([each for each in found if isinstance(each, Unreadable)])


def _offer_next(all_progress: Sequence[Progress]) -> None:
    """Draw the button for the first incomplete lesson, started ones before others, and how many are done."""
    rest = [each for each in all_progress if not each.is_complete]
    if rest:
        each = min(rest, key=lambda progress: not progress.answers)
        st.button(
            f"{'Continue' if each.answers else 'Start'}: {as_plain_text(each.lesson.title)}",
            icon=":material/play_arrow:",
            key="lesson_next_one",
            type="primary",
            on_click=open_at,
            args=(each.lesson.name, each.next_step),
        )
    st.markdown(f"**{len(all_progress) - len(rest)}** of **{len(all_progress)}** lessons done", width="stretch")


def _card(progress: Progress) -> None:
    lesson, done = progress.lesson, len(progress.answers)
    where = opened()
    is_open = where is not None and where.name == lesson.name
    with st.container(border=True, key=f"lesson_card_{lesson.name}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{as_plain_text(lesson.title)}**", width="stretch")
            st.button(
                "Open again" if progress.is_complete else "Continue" if done else "Start",
                key=f"lesson_open_{lesson.name}",
                disabled=is_open,
                help="This lesson is open in the column at the side." if is_open else None,
                on_click=open_at,
                args=(lesson.name, progress.next_step),
            )
        st.markdown(as_plain_text(lesson.outcome))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.caption(f"{lesson.minutes} min · {_how_far(done, len(lesson.steps))}", width="stretch")
            if done:
                offer_hand_in(progress, "card")
                change_button(
                    "Reset",
                    icon=":material/restart_alt:",
                    key=f"lesson_reset_{lesson.name}",
                    type="tertiary",
                    on_click=_reset,
                    args=(progress,),
                    help="Forgets your answers in this lesson. You can undo it.",
                )


def _how_far(done: int, total: int) -> str:
    if done == total:
        return f":green[:material/check_circle:] All {total} steps done"
    return f"{done} of {total} steps done" if done else f"{total} steps"


def _reset(progress: Progress) -> None:
    assert progress.learner is not None
    if _tried(partial(state().learners.reset, progress.learner, progress.lesson.name)):
        st.session_state[_RESET] = (progress.learner.id, progress.lesson)
        where = opened()
        if where is not None and where.name == progress.lesson.name:
            close()


def _offer_undo(learner: Learner | None) -> None:
    """Say that a lesson was reset, with the button that restores the answers."""
    if error := st.session_state.pop(_REFUSED, None):
        show_error(error)
    whose, lesson = st.session_state.get(_RESET, (None, None))
    if learner is None or lesson is None or whose != learner.id:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.write(f"“{as_plain_text(lesson.title)}” was reset.")
        st.button("Undo", icon=":material/undo:", key="lesson_undo", on_click=_undo, args=(learner, lesson))


def _undo(learner: Learner, lesson: Lesson) -> None:
    if _tried(partial(state().learners.undo_reset, learner, lesson.name)):
        st.session_state.pop(_RESET, None)


def _tried(action: Callable[[], None]) -> bool:
    """Run `action` and return True if it succeeded; a refusal of the store is shown above the cards."""
    try:
        action()
    except DigitsError as error:
        st.session_state[_REFUSED] = error
        return False
    return True


def _say_what_is_wrong(unreadable: Sequence[Unreadable]) -> None:
    """Draw the home folder's lessons that cannot be read, each with a line for every problem."""
    for each in unreadable:
        problems = "\n".join(f"- {as_plain_text(problem)}" for problem in each.problems)
        st.warning(
            f"**{as_plain_text(each.path.name)}** cannot be read as a lesson.\n\n{problems}", icon=":material/warning:"
        )
