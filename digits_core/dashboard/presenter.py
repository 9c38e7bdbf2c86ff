"""Presenter mode, for a projector: `?present=1` shows only the charts and pictures of a page, and a lesson's step.

Everything is larger. The arrow keys step through the lesson, and Escape ends the mode.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from digits_core.dashboard.carried import carry, is_on, switch

PARAMETER = "present"
FOLDER = Path(__file__).parent
STYLE = FOLDER / "presenter.css"
END = "presenter_end"
"""The key of the button that ends the mode."""


def is_presenting() -> bool:
    """Return True if this session shows its pages on a projector."""
    return is_on(PARAMETER)


def offer() -> None:
    """Draw the button that starts presenter mode."""
    st.button(
        "Present",
        icon=":material/present_to_all:",
        key="present",
        on_click=partial(switch, PARAMETER, True),
        help="For a projector: only charts, pictures and a lesson's step, in larger type. The keys ← and → turn the "
        "steps of a lesson, Escape ends it.",
    )


def begin() -> None:
    """Style the page for a projector and listen to the keys; do nothing unless this session presents."""
    carry(PARAMETER)
    if not is_presenting():
        return
    st.html(STYLE)
    with st.container(key="presenter"):
        st.button(
            "End",
            icon=":material/close_fullscreen:",
            key=END,
            type="tertiary",
            on_click=partial(switch, PARAMETER, False),
            help="Back to all controls (Escape).",
        )
        _keys()(key="presenter_keys")


@cache
def _keys() -> Callable[..., Any]:
    return st.components.v2.component(
        "digits_lab_presenter",
        html="<span></span>",
        js=(FOLDER / "presenter.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
