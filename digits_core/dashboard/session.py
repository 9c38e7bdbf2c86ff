"""Which browser a person uses, as the queue of runs and the lessons tell one from another."""

from __future__ import annotations

import hashlib
import secrets
from itertools import cycle

import streamlit as st

BROWSER_COOKIE = "_streamlit_xsrf"
"""What Streamlit gives each browser anyway, for uploads. Only its hash is kept."""


def session_id() -> str:
    """Return the same 16 characters for a browser, whatever it reloads; without its cookie, for a tab until it does."""
    try:
        _version, mask, masked, _time = st.context.cookies[BROWSER_COOKIE].split("|")
        # The token stays, and is written with another mask each time.
        token = bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except (KeyError, ValueError):
        return st.session_state.setdefault("session", secrets.token_hex(8))
    return hashlib.sha256(token).hexdigest()[:16]
