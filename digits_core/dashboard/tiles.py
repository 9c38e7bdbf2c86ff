"""Images next to each other, each with a short text, to look at and to choose from: by mouse, finger or keyboard.

A component of our own and not a chart: forty images take one element and no PNG, they fill any width without gaps, and
each is a button with a name for screen readers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from digits_core.dashboard.pixels import with_paint
from digits_core.figures.palette import DIGIT_COLOURS

FOLDER = Path(__file__).parent
SMOOTH_FROM = 64
"""Images with more rows than this are drawn smoothly; smaller ones show their pixels."""


@dataclass(frozen=True)
class Tile:
    """The texts of one image: the label below it, in its digit's colour; a description for choosing it; a line of
    detail.

    `text` replaces the label: a number, or nothing if it is `""`. A label of `None` has no colour and needs a `text`.
    The texts of a `doubtful` tile are in the colour of warnings, and its image has a dashed frame.
    """

    label: int | None
    place: int
    note: str = ""
    name: str = ""
    text: str | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class Group:
    """Tiles that belong together, in a frame of their own, below a line of text."""

    words: str
    tiles: int


_tiles = st.components.v2.component(
    "digits_tiles",
    html='<div class="groups"></div>',
    css=(FOLDER / "tiles.css").read_text(encoding="utf-8"),
    js=with_paint(FOLDER / "tiles.js"),
)


def show_tiles(
    images: np.ndarray,
    tiles: Sequence[Tile],
    key: str,
    *,
    words: str,
    groups: Sequence[Group] = (),
    size: int = 72,
    columns: int = 0,
    chosen: Collection[int] = (),
    on_choose: Callable[[int], None] | None = None,
) -> None:
    """Draw images uint8 (n, H, W), one for each tile; `words` describe them as a whole.

    `size` is the least width of a tile, in pixels; as many stand side by side as there is room for, or `columns` (more
    than five are halved on narrow screens). `groups` divide the tiles, in order. With `on_choose` the tiles are
    buttons: it is called with the `place` of the pressed one before the page reruns; those at the `chosen` places are
    marked.
    """

    def press() -> None:
        place = st.session_state[key].get("chosen")
        if place is not None and on_choose:
            on_choose(int(place))

    data = payload(images, tiles, words=words, groups=groups, size=size, columns=columns, chosen=chosen)
    _tiles(data={**data, "choosable": bool(on_choose)}, key=key, on_chosen_change=press)


def payload(
    images: np.ndarray,
    tiles: Sequence[Tile],
    *,
    words: str,
    groups: Sequence[Group],
    size: int,
    columns: int,
    chosen: Collection[int],
) -> dict[str, Any]:
    """Return the data for the browser as plain Python values, whatever numeric types the caller used.

    Raises `ValueError` for images that are not uint8 (n, H, W), and if their number is not that of the tiles: their
    bytes would be drawn as other pixels. If a value is not valid JSON, such as an `np.int64`, Streamlit sends it, and
    everything sent with it, in a form that the component cannot read.
    """
    if images.ndim != 3 or images.dtype != np.uint8 or len(images) != len(tiles):
        raise ValueError(f"{len(tiles)} tiles cannot show images {images.dtype} {images.shape}: not uint8 (n, H, W).")
    # Tuples, because Streamlit checks if a list is a table, and imports pandas for that.
    return {
        "words": str(words),
        "height": int(images.shape[1]),
        "width": int(images.shape[2]),
        "pixels": base64.b64encode(np.ascontiguousarray(images).tobytes()).decode(),
        "smooth": images.shape[1] > SMOOTH_FROM,
        "size": int(size),
        "columns": int(columns),
        "chosen": tuple(int(place) for place in chosen),
        "tiles": tuple(
            {
                "text": ("" if tile.label is None else str(int(tile.label))) if tile.text is None else str(tile.text),
                "colour": "" if tile.label is None else DIGIT_COLOURS[int(tile.label)],
                "place": int(tile.place),
                "note": str(tile.note),
                "doubtful": bool(tile.doubtful),
                "name": str(tile.name or f"Digit {tile.label}, index {tile.place}"),
            }
            for tile in tiles
        ),
        "groups": tuple({"words": str(group.words), "tiles": int(group.tiles)} for group in groups),
    }
