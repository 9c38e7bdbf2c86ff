"""Parts of a page that are folded away: what is in them runs only while they are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st


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
) -> None:
    """Draw a button that opens a fold above the page, and while it is open what `draw` puts into it."""
    fold = st.popover(label, key=key, icon=icon, help=help_text, width=width, on_change="rerun")
    if fold.open:
        with fold:
            draw()
