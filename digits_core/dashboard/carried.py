"""Switches that a link sets for the whole app: `?readonly=1` holds on every page, until a link says `=0`."""

from __future__ import annotations

import streamlit as st


def is_on(name: str) -> bool:
    """Return True if the URL switches `name` on, or did so earlier in this session."""
    if name in st.query_params:
        st.session_state[_key(name)] = st.query_params[name] not in ("0", "")
    return bool(st.session_state.get(_key(name), False))


def carry(name: str) -> None:
    """Write a switch that is on into the URL of this page, so that it survives a reload."""
    if is_on(name) and name not in st.query_params:
        st.query_params[name] = "1"


def switch(name: str, on: bool) -> None:
    """Switch `name` on or off, on this page and all later ones."""
    st.session_state[_key(name)] = on
    if on:
        st.query_params[name] = "1"
    else:
        st.query_params.pop(name, None)


def _key(name: str) -> str:
    return f"carried_{name}"
