"""The hints on a run, each with a button that applies its change to the form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import STATUS_ICONS
from digits_core.dashboard.training.form import config_of_form, fill_undoably
from digits_core.errors import ConfigError
from digits_core.runs.rows import Run
from digits_core.settings import name_of, written
from digits_core.training.config_fields import value_of, with_fields
from digits_core.training.hints import Hint


def show_hints(run: Run, hints: Sequence[Hint]) -> None:
    """Draw the hints on a run, and why it ended early, into a row; their changes go into the form.

    A hint is a button that opens its reason: the row stays one line.
    """
    for hint in hints:
        _show(run, hint)
    if run.message:
        st.caption(f"{STATUS_ICONS[run.status]} {as_plain_text(run.message)}", width="content")


def _show(run: Run, hint: Hint) -> None:
    with st.popover(hint.title, icon=":material/lightbulb:", key=f"why_{hint.kind}", help="Why, and what to change."):
        st.markdown(as_plain_text(hint.why))
        applied = st.button(
            "Apply to form",
            icon=":material/auto_fix_high:",
            key=f"hint_{hint.kind}",
            on_click=_apply,
            args=(run, hint),
            help=f"Fills the form with this run's settings, and {_describe(hint.fix, run.plan)}. It can be undone.",
        )
        if applied:
            st.rerun()  # the form is drawn by the page, not by the fragment that follows the run


def _apply(run: Run, hint: Hint) -> None:
    try:
        before = config_of_form()
    except ConfigError:
        before = run.plan
    what = f"{hint.title}: {_describe(hint.fix, run.plan)}."
    fill_undoably(with_fields(run.plan.replace(name=""), hint.fix), before, what)


def _describe(changes: dict[str, Any], config: RunConfig) -> str:
    """Format a hint's changes: `learning rate 0.05 → 0.001`. Plain text for Markdown."""
    parts = []
    for field, value in changes.items():
        if field == "transform":
            parts.append("transform → that of the Robust recipe")
            continue
        before = value_of(config, field)
        parts.append(as_plain_text(f"{name_of(field)} {written(field, before)} → {written(field, value)}"))
    return ", ".join(parts)
