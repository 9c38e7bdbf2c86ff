"""The keys of a page, each handled after those pressed before it, however busy the app is.

Streamlit's own shortcuts press buttons. If several wait until the app is free, their callbacks are called in any order,
but whether 7 was pressed before or after Enter decides with which label a digit is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from digits_core.dashboard.numbered_log import entries_after

FOLDER = Path(__file__).parent

Actions = Mapping[str, Callable[[], object]]
"""What each key does, by its name in the browser, such as `7`, `Z` and `Enter`."""


def listen(name: str, actions: Actions) -> None:
    """Handle key presses from now on, except while the user types. `name` is the key of the listening element."""
    data = {"keys": tuple(actions), "done": st.session_state.get(_done(name), 0)}
    _component()(key=name, data=data, on_pressed_change=lambda: catch_up(name, actions))


def catch_up(name: str, actions: Actions) -> None:
    """Handle the presses that are not handled yet. The callback of a button begins with it: the keys were pressed
    before.
    """
    sent = (st.session_state.get(name) or {}).get("pressed")
    for press in entries_after(st.session_state.get(_done(name), 0), sent):
        st.session_state[_done(name)] = press["seq"]
        if act := actions.get(str(press.get("key"))):
            act()


def _done(name: str) -> str:
    """Return the key of the session state that stores the number of the last key handled."""
    return f"{name}_done"


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component(
        "digits_lab_key_log",
        html="<span></span>",
        js=(FOLDER / "key_log.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
