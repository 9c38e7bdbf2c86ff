"""Figures of a network or a layer beside each other: what it is, how much, and why."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import streamlit as st

Fact = tuple[str, str, str]
"""A name, a value, and what there is to say about that."""


def show_facts(facts: Iterable[Fact]) -> None:
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(why)}</small></dd></div>"
        for name, value, why in facts
    )
    st.html(f'<dl class="layer_facts">{items}</dl>')
