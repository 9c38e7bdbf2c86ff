"""Parts of a page that are folded away: what is in them runs only while they are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from digits_core.dashboard.read_only import explained, is_read_only


def expander(label: str, key: str, draw: Callable[[], None], *, icon: str | None = None) -> None:
    """Draw a fold below its label, and while it is open what `draw` puts into it; open where the session says so."""
    fold = st.expander(label, key=key, icon=icon, on_change="rerun")
    if fold.open:
        with fold:
            draw()


def popover(
    label: str,
    key: str,
    draw: Callable[[], None],
    *,
    help_text: str,
    icon: str | None = None,
    width: Literal["content", "stretch"] = "content",
    changes: bool = False,
) -> None:
    """Draw a button that opens a fold above the page, and while it is open what `draw` puts into it.

    `changes`: all that is in it changes something. In a read-only session it stays closed, and says why.
    """
    closed = changes and is_read_only()
    fold = st.popover(
        label,
        key=key,
        icon=icon,
        help=explained(help_text) if changes else help_text,
        width=width,
        disabled=closed,
        on_change="rerun",
    )
    if fold.open and not closed:
        with fold:
            draw()
