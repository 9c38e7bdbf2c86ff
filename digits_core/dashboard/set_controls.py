"""Controls whose values the code sets, too: each time under a new key.

Everything that a browser sends includes the values of all controls. If it has not received yet that the code has set
one, that is the previous value, and Streamlit takes it for a new choice. A new key has no such value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_NOTHING = object()


def control_key(name: str) -> str:
    """Return the current key of the control called `name`, under which the session stores its value."""
    return f"{name}_{st.session_state.get(_times_set(name), 0)}"


def reset_control(name: str) -> None:
    """Reset a control to have no value, whatever values browsers still send for it."""
    st.session_state.pop(control_key(name), None)
    st.session_state[_times_set(name)] = st.session_state.get(_times_set(name), 0) + 1


def set_control(name: str, value: object) -> None:
    """Set a control to `value`, whatever values browsers still send for it; call it before it is drawn, as in a
    callback.

    A control that has this value already is left as it is, with the focus and what is being typed.
    """
    if st.session_state.get(control_key(name), _NOTHING) != value:
        reset_control(name)
        st.session_state[control_key(name)] = value


def said_by(name: str) -> Any:
    """Return the value of a control, drawn or not; raises `KeyError` if it was never set."""
    return st.session_state[control_key(name)]


def when_changed(name: str, act: Callable[[Any], object]) -> Callable[[], None]:
    """Return the `on_change` of a control: it calls `act` with the new value, unless code has set another one since."""
    key = control_key(name)

    def changed() -> None:
        if key == control_key(name):
            act(said_by(name))

    return changed


def _times_set(name: str) -> str:
    return f"{name}_times_set"
