"""Layers as text, for links, sweeps and the shell: the name of a ready network, else JSON without what is as usual."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from digits_core.layers.base import Kind
from digits_core.layers.presets import PRESETS


def to_text(layers: tuple[Kind, ...]) -> str:
    """Format a network as in `lenet`, or `[{"kind": "convolution", "channels": 8}]`."""
    for name, preset in PRESETS.items():
        if preset.layers == layers:
            return name
    return json.dumps([_described(layer) for layer in layers])


def from_text(text: str) -> Any:
    """Return layers, or what a config is to read as such; `None` where it is neither a known name nor JSON."""
    wanted = text.strip().casefold()
    for name, preset in PRESETS.items():
        if wanted in (name, preset.title.casefold()):
            return preset.layers
    try:
        return json.loads(text) if wanted.startswith(("[", "{")) else None
    except ValueError:
        return None


def _described(layer: Kind) -> dict[str, Any]:
    fields = {field.name: field.default for field in dataclasses.fields(layer)}
    values = {name: getattr(layer, name) for name in fields}
    return {name: value for name, value in values.items() if name == "kind" or value != fields[name]}
