"""The button of a step that leads to its place in the app, in exactly its state."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.open_lesson import LESSON, opened
from digits_core.dashboard.lessons.progress import Progress
from digits_core.dashboard.pages import PAGES, page
from digits_core.dashboard.widgets import RUN
from digits_core.lessons.checks import OF_STEP
from digits_core.lessons.lesson import Place, Step


def show_place(step: Step, progress: Progress) -> None:
    """Draw the link to the place of a step; where that is about a run that is yet to be made, say which step makes it.

    A link, so that it can be opened beside the page, too.
    """
    place = step.place
    if place is None:
        return
    if (first := _step_to_take_first(place, progress)) is not None:
        number = list(progress.lesson).index(first) + 1
        st.caption(
            f":material/lock: Step {number}, “{as_plain_text(first.title)}”, comes first: this one uses its run."
        )
        return
    lesson = opened()
    with st.container(key="lesson_place"):
        st.page_link(
            page(place.page),
            label=as_plain_text(step.label or f"Open {PAGES[place.page].title}"),
            icon=PAGES[place.page].icon,
            query_params=query_of(place, progress) | ({LESSON: lesson.address} if lesson else {}),
            width="stretch",
        )


def query_of(place: Place, progress: Progress) -> dict[str, str | list[str]]:
    """Return the query of a place, with ids of runs for the names of steps.

    A step that was met by several runs stands for all of them, and for the first where a page shows a single run.
    """
    query: dict[str, str | list[str]] = {}
    for key, values in place.query.items():
        found = [each for value in values for each in _runs_for(value, progress)]
        query[key] = found[0] if key == RUN or len(found) == 1 else found
    return query


def _runs_for(value: str, progress: Progress) -> tuple[str, ...]:
    return progress.answers[value.removeprefix(OF_STEP)].runs if value.startswith(OF_STEP) else (value,)


def _step_to_take_first(place: Place, progress: Progress) -> Step | None:
    """The first step that the place names and that no run has met yet."""
    named = [
        value.removeprefix(OF_STEP) for values in place.query.values() for value in values if value.startswith(OF_STEP)
    ]
    without = (name for name in named if name not in progress.answers or not progress.answers[name].runs)
    return next((step for name in without if (step := progress.lesson.step(name))), None)
