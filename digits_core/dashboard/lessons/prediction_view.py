"""Ask for a prediction, as a choice, a number or an order; and format a prediction as text."""

from __future__ import annotations

from typing import Any

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.lessons.lesson import Predict


def prediction_key(name: str) -> str:
    """Return the session key of the value that `ask_prediction` asks for, also for use in a callback."""
    return f"lesson_answer_{name}"


def ask_prediction(step: Predict, name: str) -> Any:
    """Draw the control for a prediction; return its value, `None` before one is chosen.

    name: of the step, unique among all lessons.
    """
    key = prediction_key(name)
    if step.choices:
        return st.radio(
            "Your prediction",
            step.choices,
            index=None,
            format_func=as_plain_text,
            key=key,
            label_visibility="collapsed",
            persist_state="session",
        )
    if step.order:
        return _ask_order(step, key)
    assert step.between is not None
    return _ask_number(*step.between, step.unit, key)


def predicted(step: Predict, value: Any) -> str:
    """Format a prediction as Markdown."""
    if step.order and isinstance(value, list):
        return " → ".join(f"**{as_plain_text(str(each))}**" for each in value)
    if step.between is not None and isinstance(value, int | float):
        return f"**{as_plain_text(_with_unit(f'{value:,.10g}', step.unit))}**"
    return f"**{as_plain_text(str(value))}**"


def _ask_number(low: float, high: float, unit: str, key: str) -> float | None:
    """Ask for a number, with no default; whole numbers if whole bounds leave room for them."""
    whole = float(low).is_integer() and float(high).is_integer() and high - low > 1
    low, high = (int(low), int(high)) if whole else (float(low), float(high))
    return st.number_input(
        _with_unit(f"From {low:,g} to {high:,g}", unit),
        low,
        high,
        None,
        step=None if whole else (high - low) / 100,
        format=None if whole else "%g",
        key=key,
        placeholder="Your number",
        persist_state="session",
    )


def _ask_order(step: Predict, key: str) -> list[str]:
    """Draw the items in a column, each with buttons that move it; return their order."""
    order: list[str] = st.session_state.setdefault(key, list(step.order))
    last = len(order) - 1
    with st.container(key="lesson_order", gap="xxsmall"):
        for place, each in enumerate(order):
            with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", wrap=False):
                st.markdown(f"{place + 1}\\. {as_plain_text(each)}", width="stretch")
                for words, icon, to in (("up", "arrow_upward", place - 1), ("down", "arrow_downward", place + 1)):
                    st.button(
                        f"Move {words}",
                        icon=f":material/{icon}:",
                        key=f"lesson_{words}_{place}",
                        type="tertiary",
                        disabled=not 0 <= to <= last,
                        on_click=_swap,
                        args=(order, place, to),
                    )
    return list(order)


def _swap(order: list[str], one: int, other: int) -> None:
    order[one], order[other] = order[other], order[one]


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit}".rstrip()
