"""The layers of a network as cards in a row, each with its settings: they can be added, moved, changed and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from digits_core.dashboard.numbered_log import entries_after
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.layers.base import Kind
from digits_core.layers.edits import shapes
from digits_core.layers.kinds import KINDS
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.knobs import knobs
from digits_core.layers.placed import LOGITS, named
from digits_core.layers.problems import problem_of

FOLDER = Path(__file__).parent
KEY = "cards"
DONE = "cards_done"
"""The number of the last edit that was applied."""

_cards = st.components.v2.component(
    "digits_layer_cards",
    html='<div class="cards"></div>',
    css=(FOLDER / "layer_cards.css").read_text(encoding="utf-8"),
    js=(FOLDER / "layer_cards.js").read_text(encoding="utf-8"),
)


def show_cards(layers: tuple[Kind, ...], size: int, on_edit: Callable[[Mapping[str, Any]], None], refused: int) -> None:
    """Draw the cards. `on_edit` is called with each edit of the user, before the page runs again.

    An edit has `what` (change, insert, move or remove) and the `place` of the layer, and with them `field` and
    `value`, the `kind` of a new layer, or the place `to` move it to. `refused` counts the invalid edits: each
    redraws the cards with the values from before.
    """

    def edit() -> None:
        for edited in entries_after(st.session_state.get(DONE, 0), st.session_state[KEY].get("edits")):
            st.session_state[DONE] = edited["seq"]
            on_edit(edited)

    data = payload(layers, size) | {"refused": refused, "done": st.session_state.get(DONE, 0)}
    _cards(data=data, key=KEY, on_edits_change=edit)


def payload(layers: tuple[Kind, ...], size: int) -> dict[str, Any]:
    """Return the data that the browser draws, as plain values."""
    problem, all_layers = problem_of(layers, size), (*layers, FullyConnected(LOGITS))
    before: tuple[int, ...] | None = (1, size, size)
    cards = []
    names = [*named(all_layers)[:-1], "logits"]
    for place, (name, layer, after) in enumerate(zip(names, all_layers, shapes(layers, size), strict=True)):
        parameters = layer.parameters(before).number if before and after else 0
        cards.append(
            {
                "name": name,
                "kind": layer.title,
                "colour": DIGIT_COLOURS[layer.colour],
                "shape": " × ".join(map(str, after)) if after else "",
                "parameters": f"{parameters:,} parameters" if parameters else "",
                "broken": problem is not None and problem.place == place,
                "knobs": _knobs(layer) if place < len(layers) else (),
            }
        )
        before = after
    # Tuples, because Streamlit treats every list as a possible table.
    kinds = tuple({"value": name, "title": kind.title} for name, kind in KINDS.items())
    return {"image": f"1 × {size} × {size}", "cards": tuple(cards), "kinds": kinds}


def _knobs(layer: Kind) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "field": knob.field,
            "title": knob.title,
            "value": getattr(layer, knob.field),
            "low": knob.low,
            "high": knob.high,
            "choices": tuple({"value": str(value), "title": title} for value, title in knob.choices.items()),
            "number": any(isinstance(value, int) for value in knob.choices),
        }
        for knob in knobs(type(layer))
    )
