"""The button of a step that opens its place in the app, in exactly its state."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.lessons.open_lesson import LESSON, opened
from digits_core.dashboard.lessons.progress import Progress
from digits_core.dashboard.page_address import MEANT
from digits_core.dashboard.pages import PAGES, current_page, page
from digits_core.dashboard.widgets import RUN
from digits_core.lessons.checks import OF_STEP
from digits_core.lessons.lesson import Place, Step
from digits_core.settings import SECTION_OF

_READ_THE_URL = ("training", "transforms")
"""The pages that fill their settings from the URL by themselves."""


def show_place(step: Step, progress: Progress) -> None:
    """Draw the link to the place of a step; if that needs a run that does not exist yet, name the step that makes it.

    A link, so that it can also be opened in another tab.
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
            query_params=query_of(place, progress) | ({LESSON: lesson.address} if lesson else {}) | {MEANT: "1"},
            width="stretch",
        )


def arrive(step: Step) -> None:
    """Set the controls of the open page as the link of a step says, if the URL is that of the link.

    Streamlit does so except in one case: a control that is on the page already keeps its value if the URL gives it its
    default.
    """
    place = step.place
    if place is None or place.page != current_page():
        return
    asked = {name: list(values) for name, values in place.query.items() if not values[0].startswith(OF_STEP)}
    if any(st.query_params.get_all(name) != values for name, values in asked.items()):
        return
    for name, values in asked.items():
        if place.page in _READ_THE_URL and name in SECTION_OF:
            continue
        before = st.session_state.get(name)
        if isinstance(before, str) and len(values) == 1:
            now: str | int = values[0]
        elif type(before) is int and values[0].isdecimal():
            now = int(values[0])
        else:
            continue
        if now != before:
            st.session_state[name] = now


def query_of(place: Place, progress: Progress) -> dict[str, str | list[str]]:
    """Return the query of a place, with the ids of runs in place of the names of steps.

    A step with several runs stands for all of them, or for the first if a page shows a single run.
    """
    query: dict[str, str | list[str]] = {}
    for key, values in place.query.items():
        found = [each for value in values for each in _runs_for(value, progress)]
        query[key] = found[0] if key == RUN or len(found) == 1 else found
    return query


def _runs_for(value: str, progress: Progress) -> tuple[str, ...]:
    return progress.answers[value.removeprefix(OF_STEP)].runs if value.startswith(OF_STEP) else (value,)


def _step_to_take_first(place: Place, progress: Progress) -> Step | None:
    """Return the first step that the place refers to and that has no run yet."""
    named = [
        value.removeprefix(OF_STEP) for values in place.query.values() for value in values if value.startswith(OF_STEP)
    ]
    without = (name for name in named if name not in progress.answers or not progress.answers[name].runs)
    return next((step for name in without if (step := progress.lesson.step(name))), None)
