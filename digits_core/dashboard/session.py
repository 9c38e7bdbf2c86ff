"""Which browser a person uses, as the queue of runs and the lessons distinguish them."""

from __future__ import annotations

import hashlib
import secrets
from itertools import cycle

import streamlit as st

BROWSER_COOKIE = "_streamlit_xsrf"
"""The cookie that Streamlit sets in each browser anyway, for uploads. Only its hash is stored."""


def session_id() -> str:
    """Return 16 characters that identify a browser across reloads; without its cookie, a tab until it is reloaded."""
    try:
        _version, mask, masked, _time = st.context.cookies[BROWSER_COOKIE].split("|")
        # The token stays the same, but is written with another mask each time.
        token = bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except (KeyError, ValueError):
        return st.session_state.setdefault("session", secrets.token_hex(8))
    return hashlib.sha256(token).hexdigest()[:16]
