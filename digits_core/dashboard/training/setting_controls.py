"""One control for each training variable, built from its row in `settings` and its bounds in `config`."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from digits_core.config import bounds, choices
from digits_core.dashboard.pages import link
from digits_core.dashboard.set_controls import control_key, set_control
from digits_core.dashboard.state import state
from digits_core.layers.presets import PRESETS, summary
from digits_core.settings import FORM, SECTION_OF, SECTIONS, SETTINGS, help_of, kind_of, label_of, users_of, written
from digits_core.training.config_fields import as_texts

SMALLEST_ABOVE_ZERO = 1e-6
"""The lower bound of a control whose field must be greater than 0."""

MAIN = tuple(field for field in FORM if SETTINGS[field].main)
MORE = tuple(field for field in FORM if not SETTINGS[field].main)


def key_of(field: str) -> str:
    """Return the session key of a field's value in the form."""
    return control_key(_name_of(field))


def set_setting(field: str, value: object) -> None:
    """Set a field in the form to `value`, before its control is drawn."""
    set_control(_name_of(field), value)


def _name_of(field: str) -> str:
    return f"training_{field}"


def training_control(field: str) -> Any:
    """Draw the control of one field of the network or the training, disabled with the reason if it has no effect."""
    without, words = _has_no_effect(field), help_of(field)
    common: dict[str, Any] = {
        "key": key_of(field),
        "help": f"{words} **{without}**" if without else words,
        "disabled": bool(without),
        "persist_state": "session",
    }
    kind = kind_of(field)
    if kind is bool:
        return st.checkbox(label_of(field), **common)
    if kind is int:
        limits = bounds(SECTIONS[SECTION_OF[field]], field)
        return st.number_input(label_of(field), int(limits.low), int(limits.high), step=1, **common)
    if kind is float:
        return real_number(label_of(field), field, **common)
    names: tuple[Any, ...] = choices(SECTIONS[SECTION_OF[field]], field)
    if field == "layers":
        return _choose_network(common)
    return st.selectbox(label_of(field), names, format_func=partial(written, field), **common)


def _choose_network(common: dict[str, Any]) -> Any:
    """Draw the choice between the ready-made networks, the saved ones, and the one in the form."""
    titles = {preset.layers: preset.title for preset in PRESETS.values()}
    for saved in state().networks.all():
        titles.setdefault(saved.config.layers, saved.name)
    if (chosen := st.session_state.get(common["key"])) is not None:
        titles.setdefault(chosen, summary(chosen))
    network = st.selectbox(
        label_of("layers"), list(titles), format_func=lambda layers: titles.get(layers, ""), **common
    )
    link("network", "Change it under Network", look="Build", layers=as_texts("layers", network)[0])
    return network


def real_number(label: str, field: str, **common: Any) -> float:
    """Draw a control for a real number within the bounds of `field`."""
    limits = bounds(SECTIONS[SECTION_OF[field]], field)
    low = limits.low + SMALLEST_ABOVE_ZERO if limits.open_below else limits.low
    high = limits.high - SMALLEST_ABOVE_ZERO if limits.open_above else limits.high
    return st.number_input(label, float(low), float(high), step=SETTINGS[field].step, format="%g", **common)


def _has_no_effect(field: str) -> str:
    """Return why a field has no effect with the other current settings; an empty text if it has one."""
    if users := users_of(field):
        chooser, names = users
        if st.session_state.get(key_of(chooser)) not in names:
            titles = " and ".join(written(chooser, name) for name in names)
            return f"Only {titles} {'uses' if len(names) == 1 else 'use'} it."
    if (needs := SETTINGS[field].needs) and not st.session_state.get(key_of(needs[0])):
        return needs[1]
    return ""
