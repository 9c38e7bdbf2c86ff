"""Facts of a network or a layer side by side: a name, a value and an explanation each."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import streamlit as st

Fact = tuple[str, str, str]
"""A name, a value, and an explanation of the value."""


def show_facts(facts: Iterable[Fact]) -> None:
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(why)}</small></dd></div>"
        for name, value, why in facts
    )
    st.html(f'<dl class="layer_facts">{items}</dl>')
