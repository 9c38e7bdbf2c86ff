"""Collapsible parts of a page, whose content runs only while they are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from digits_core.dashboard.read_only import explained, is_read_only


def expander(label: str, key: str, draw: Callable[[], None], *, icon: str | None = None) -> None:
    """Draw an expander and, while it is open, its content with `draw`; the session state decides if it is open."""
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
    """Draw a button that opens a popover and, while it is open, its content with `draw`.

    `changes`: all of its content changes something. In a read-only session it stays closed, and says why.
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
