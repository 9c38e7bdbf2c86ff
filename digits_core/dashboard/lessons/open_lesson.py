"""Which lesson is open and at which step: in the URL of every page, and in the session across pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from digits_core.dashboard import page_address

LESSON = "lesson"
"""The name of the URL parameter: `lesson=four-epochs.2` opens the lesson `four-epochs` at its second step."""
_OPEN, _WRITTEN, _ASKED = "open_lesson", "lesson_in_url", "asked_url"
_ADDRESS = re.compile(r"(?P<name>[^.]+)(?:\.(?P<step>[0-9]{1,3}))?")


@dataclass(frozen=True)
class OpenLesson:
    """The name of a lesson and the number of a step, from 1; neither need exist."""

    name: str
    step: int = 1

    @property
    def address(self) -> str:
        """The value of `lesson=` in the URL."""
        return f"{self.name}.{self.step}"


def opened() -> OpenLesson | None:
    """Return the lesson that is open in this tab."""
    return st.session_state.get(_OPEN)


def open_at(name: str, step: int = 1) -> None:
    """Open a lesson at a step, on any page."""
    with page_address.changed():
        st.session_state[_OPEN] = OpenLesson(name, step)
        write_address()


def close() -> None:
    """Close the lesson; its answers are kept."""
    with page_address.changed():
        st.session_state.pop(_OPEN, None)
        write_address()


def follow_address() -> bool:
    """Open the lesson that the URL names, after a link, a reload or going back; call it once per run.

    Returns True if the URL differs from that of the previous run.
    """
    in_url = st.query_params.get(LESSON, "")
    if page_address.is_new(LESSON.__eq__, _WRITTEN) and (named := _ADDRESS.fullmatch(in_url)):
        st.session_state[_OPEN] = OpenLesson(named["name"], max(1, int(named["step"] or 1)))
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    # If a link leads to its own page, the browser shows the previous URL until it is sent the new one.
    is_another = asked != st.session_state.get(_ASKED)
    write_address(anew=is_another)
    st.session_state[_ASKED] = asked
    return is_another


def write_address(anew: bool = False) -> None:
    """Keep the URL in step with the open lesson and step; links of the app's menu omit them.

    `anew` sends the whole URL to the browser even if it is up to date.
    """
    address = [lesson.address] if (lesson := opened()) else []
    if anew and address and st.query_params.get_all(LESSON) == address:
        st.query_params[LESSON] = address
    page_address.write({LESSON: address}, LESSON.__eq__, _WRITTEN)
