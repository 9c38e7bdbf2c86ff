"""Read-only links: with `?readonly=1` one can look, choose, draw and recognise, but change nothing that is stored.

A convenience for classes, so that students do not delete each other's runs by mistake. It is not a protection: removing
`readonly=1` from the URL and reloading the page gives full access again. Who may use the app at all is decided by the
login (`login.py`).

Every control that trains, changes, deletes, imports or saves is drawn by `change_button` or acts through `guarded`: it
is disabled with the reason, and a press that arrives all the same does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from digits_core.dashboard.carried import is_on

PARAMETER = "readonly"
REASON = "This link is read-only."
MEANING = "Read-only link: look, choose, draw and recognise. Nothing is trained, saved, changed or deleted."


def is_read_only() -> bool:
    """Return True if this session followed a read-only link."""
    return is_on(PARAMETER)


def explained(help_text: str | None) -> str | None:
    """Return the help of a control that changes something, with the reason if it is disabled in a read-only session."""
    if not is_read_only():
        return help_text
    return f"{help_text} **{REASON}**" if help_text else REASON


def change_button(
    label: str,
    *,
    on_click: Callable[..., object] | None = None,
    help: str | None = None,
    disabled: bool = False,
    **options: Any,
) -> bool:
    """Draw `st.button` for something that changes stored data; disabled with the reason in a read-only session.

    Args:
        label: The verb on the button.
        on_click: The callback; never called in a read-only session, however late the press arrives.
        help: What it does, in words; the reason follows them.
        disabled: True if it is disabled for another reason.
        options: Passed on to `st.button`.

    Returns:
        True if it was just pressed and the session is not read-only.
    """
    read_only = is_read_only()
    pressed = st.button(
        label,
        on_click=None if on_click is None else guarded(on_click),
        help=explained(help),
        disabled=disabled or read_only,
        **options,
    )
    return pressed and not read_only


def guarded(change: Callable[..., object]) -> Callable[..., None]:
    """Return `change` as a callback that does nothing in a read-only session, and says so."""

    @wraps(change)
    def act(*arguments: Any, **named: Any) -> None:
        if is_read_only():
            st.toast(f"Nothing was changed. {REASON}", icon=":material/lock:")
        else:
            change(*arguments, **named)

    return act
