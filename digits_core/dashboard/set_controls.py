"""Controls that the code sets, too: each time under another key.

Whatever a browser sends, it sends what every control says there with it. Where it has not heard yet that the code has
set one, that is the value before, and Streamlit takes it for a choice that was just made. A new key has no such value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_NOTHING = object()


def control_key(name: str) -> str:
    """Return the current key of the control called `name`, under which the session keeps its value."""
    return f"{name}_{st.session_state.get(_times_set(name), 0)}"


def reset_control(name: str) -> None:
    """Let a control start anew, with no value, whatever browsers still say of it."""
    st.session_state.pop(control_key(name), None)
    st.session_state[_times_set(name)] = st.session_state.get(_times_set(name), 0) + 1


def set_control(name: str, value: object) -> None:
    """Let a control show `value`, whatever browsers still say of it; before it is drawn, as in a callback.

    One that says so already stays as it is, with the focus and what is being typed.
    """
    if st.session_state.get(control_key(name), _NOTHING) != value:
        reset_control(name)
        st.session_state[control_key(name)] = value


def said_by(name: str) -> Any:
    """Return what a control says, drawn or not; raises `KeyError` before it was ever set."""
    return st.session_state[control_key(name)]


def when_changed(name: str, act: Callable[[Any], object]) -> Callable[[], None]:
    """Return the `on_change` of a control: calls `act` with its new value, unless code has set another one since."""
    key = control_key(name)

    def changed() -> None:
        if key == control_key(name):
            act(said_by(name))

    return changed


def _times_set(name: str) -> str:
    return f"{name}_times_set"
