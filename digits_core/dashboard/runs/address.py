"""State that the Runs page keeps in its URL: the chosen runs, the filters, the order.

The URL is the single source: controls are set from it before they are drawn, and write to it when they are used. The
session keeps its last state for users who come back from another page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from digits_core.dashboard import page_address
from digits_core.dashboard.set_controls import control_key, set_control, when_changed

IN_URL_AT_MOST = 100
"""Servers refuse URLs of about ten thousand characters; further values are kept in the session only."""


def kept(key: str, default: Sequence[str] = ()) -> list[str]:
    """Return the values of `key` in the URL, or else the last ones of this session."""
    in_url = st.query_params.get_all(key)
    if in_url and page_address.is_new(key.__eq__, _written(key)):
        keep(key, in_url)
    elif _kept(key) not in st.session_state:
        keep(key, default)
    else:
        keep(key, st.session_state[_kept(key)])
    return list(st.session_state[_kept(key)])


def keep(key: str, values: Sequence[str]) -> None:
    """Write values to the URL and the session; an empty list removes the key."""
    st.session_state[_kept(key)] = list(values)
    written = list(values[:IN_URL_AT_MOST])
    page_address.write({key: written}, key.__eq__, _written(key))


def one_of(key: str, options: Sequence[str]) -> str:
    """Return the option that the URL names, or else the first."""
    named = kept(key)
    return named[0] if named and named[0] in options else options[0]


def controlled(key: str, value: object, as_values: Callable[[Any], Sequence[str]]) -> dict[str, Any]:
    """Return the arguments that make a widget show `value` and write to the URL when it is used."""
    name = f"runs_{key}"
    set_control(name, value)

    def write(said: Any) -> None:
        with page_address.changed():
            keep(key, as_values(said))

    return {"key": control_key(name), "on_change": when_changed(name, write)}


def _kept(key: str) -> str:
    return f"runs_{key}_kept"


def _written(key: str) -> str:
    return f"runs_{key}_written"
