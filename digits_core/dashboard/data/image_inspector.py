"""One enlarged image: its pixel values, and the images most similar to it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.digits import Digits
from digits_core.data.statistics.neighbours import nearest
from digits_core.figures.images import pixels

WRITTEN_UP_TO = 12
"""Largest side, in pixels, of an image whose values are still readable when written into the cells."""
LARGE = 264
NEIGHBOURS_IN_A_ROW = 5
INDEX = "index"


def choose(place: int) -> None:
    """Show the image with this index; for the callback of tiles."""
    st.session_state[INDEX] = place


def inspect(digits: Digits, otherwise: int) -> int:
    """Draw the field for an index and that image, or the one at `otherwise` if none is chosen; return its index.

    The URL and every tile fill the field.
    """
    with st.container(key="inspector", border=True):
        place = _chosen(digits, otherwise)
        _large(digits, place)
        _neighbours(digits, place)
    return place


def _chosen(digits: Digits, otherwise: int) -> int:
    place = st.number_input(
        "Index",
        0,
        len(digits) - 1,
        None,
        key=INDEX,
        bind="query-params",
        persist_state="session",
        placeholder=f"0 to {len(digits) - 1:,}",
        help="Position of an image in the dataset, counted from 0, as in Python. Type one here, or choose an image.",
    )
    return otherwise if place is None else place


def split_of(digits: Digits, place: int) -> str:
    return "test" if digits.test[place] else "train"


def _large(digits: Digits, place: int) -> None:
    image = digits.images[place]
    writer = f" · writer {as_plain_text(digits.writers[place])}" if digits.writers and digits.writers[place] else ""
    st.markdown(f"**Digit {digits.labels[place]}** · index {place:,} · {split_of(digits, place)}{writer}")
    small = max(image.shape) <= WRITTEN_UP_TO
    chart = pixels(image, "", LARGE, written=small)
    show_chart(chart, "large", f"Image {place}, a {digits.labels[place]}, with its pixel values")
    st.caption(
        f"This is all that there is: {image.shape[0]} × {image.shape[1]} numbers from 0 (paper) to 255 (ink). "
        + ("They are written in the cells." if small else "Point at a pixel to read its number.")
    )
    if st.toggle("Numbers as a table", key="table", help="The image as Python sees it: an array, row by row."):
        # Here and not above: this page is the first one, and pandas takes a third of a second to import.
        import pandas as pd

        # Rows and columns are numbered from 0, as in the array.
        st.dataframe(pd.DataFrame(image, columns=[str(column) for column in range(image.shape[1])]), height=300)


def _neighbours(digits: Digits, place: int) -> None:
    places, distances = nearest(digits.images, place)
    if not len(places):
        return
    st.markdown("**Most similar images**")
    tiles = [
        Tile(
            int(digits.labels[other]),
            int(other),
            f"{far:.0f}",
            f"Digit {digits.labels[other]}, index {other}, {split_of(digits, other)}, difference {far:.1f}",
        )
        for other, far in zip(places, distances, strict=True)
    ]
    words = "The most similar images in the dataset, the closest first"
    show_tiles(digits.images[places], tiles, "neighbours", words=words, columns=NEIGHBOURS_IN_A_ROW, on_choose=choose)
    agree = int(np.count_nonzero(digits.labels[places] == digits.labels[place]))
    st.caption(
        f"{agree} of {len(places)} are a {digits.labels[place]}, too. The number below each is its difference per "
        "pixel, in grey levels (root mean square). Compared pixel by pixel, a digit that is moved or slanted a little "
        "is far from itself: that is why networks learn features instead."
    )
