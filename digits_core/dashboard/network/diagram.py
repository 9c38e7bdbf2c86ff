"""The diagram of a network, drawn from its activations for one image: each map and each unit can be pressed.

A component rather than a chart: a network has hundreds of maps and units, and each is a button that a screen reader can
name. The arrow keys go from one to the next within a layer; Tab goes to the next layer.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from digits_core.dashboard.pixels import with_paint
from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.layers.placed import INPUT

if TYPE_CHECKING:
    from digits_core.layers.placed import Layer
    from digits_core.network.layered_network import Activation
    from digits_core.network.traced_layers import TracedLayer

FOLDER = Path(__file__).parent
UNIT_ROWS = 16
"""Rows of cells in the grid of a layer's units."""
NARROW_MAPS, NARROW_UNITS = 8, 32
"""Columns on a narrow screen, where the layers are stacked vertically."""

_diagram = st.components.v2.component(
    "digits_network_diagram",
    html='<div class="network"></div>',
    css=(FOLDER / "diagram.css").read_text(encoding="utf-8"),
    js=with_paint(FOLDER / "diagram.js"),
)


def show_diagram(
    layers: Sequence[Layer] | Sequence[TracedLayer],
    found: Mapping[str, Activation],
    chosen: str,
    words: str,
    on_press: Callable[[str, int | None], None],
    compact: bool = False,
) -> None:
    """Draw the layers from left to right with their activations for one image, `found`; `words` describe the image.

    `compact` leaves out the bars of the predictions, to save height.

    `on_press` is called with the name of the layer that was pressed and the number of its map or unit, None for the
    layer as a whole, before the page runs again.
    """

    def press() -> None:
        if pressed := st.session_state["diagram"].get("pressed"):
            on_press(str(pressed["layer"]), pressed["unit"])

    data = payload(layers, found, chosen, words) | {"compact": compact}
    _diagram(data=data, key="diagram", on_pressed_change=press)


def payload(
    layers: Sequence[Layer] | Sequence[TracedLayer], found: Mapping[str, Activation], chosen: str, words: str
) -> dict[str, Any]:
    """Return the data that the browser draws, as plain values."""
    image = found[INPUT].after[0].numpy()
    blocks = [_block(INPUT, image) | {"title": "image", "then": "", "unit": "", "size": _size(image.shape)}]
    for layer in layers:
        values = as_maps_or_units(found[layer.name].after[0].numpy())
        block = _block(layer.name, values) | {
            "title": layer.name,
            "then": layer.then,
            "unit": "map" if values.ndim == 3 else "unit" if isinstance(layer.kind, str) else layer.kind.unit.lower(),
            "size": _size(layer.output_shape),
        }
        if layer is layers[-1]:
            block |= {"logits": _plain(found[layer.name].before[0].numpy()), "colours": DIGIT_COLOURS}
        blocks.append(block)
    # Tuples, because Streamlit treats every list as a possible table.
    return {"words": str(words), "chosen": str(chosen), "blocks": tuple(blocks)}


def as_maps_or_units(values: np.ndarray) -> np.ndarray:
    """Return the output of a layer for one image, of any shape, as maps (n, H, W) or units (n,).

    The tokens of a transformer, (T, C), and the steps of a recurrent network become a single map.
    """
    if values.ndim == 2:
        return values[None]
    return values if values.ndim == 3 else values.reshape(-1)


def _block(name: str, values: np.ndarray) -> dict[str, Any]:
    """Return values (n, H, W) or (units,) as grey levels on one scale per layer, and the largest value of each map."""
    maps = values if values.ndim == 3 else values[:, None, None]
    count, height, width = maps.shape
    low, high = float(maps.min()), float(maps.max())
    levels = np.round(255 * (maps - low) / (high - low if high > low else 1)).astype(np.uint8)
    return {
        "name": name,
        "maps": values.ndim == 3,
        "height": int(height),
        "width": int(width),
        "levels": base64.b64encode(levels.tobytes()).decode(),
        "largest": _plain(maps.max(axis=(1, 2))),
        "columns": _columns(count, values.ndim == 3),
        "narrow": min(count, NARROW_MAPS if values.ndim == 3 else NARROW_UNITS),
    }


def _columns(count: int, maps: bool) -> int:
    """Return the number of columns that makes a block about as high as the others.

    Maps have at most as many columns as rows, and no gaps where possible.
    """
    if not maps:
        return math.ceil(count / UNIT_ROWS)
    side = math.isqrt(count)
    return next(
        (columns for columns in range(side, side // 2, -1) if count % columns == 0), math.ceil(math.sqrt(count))
    )


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
