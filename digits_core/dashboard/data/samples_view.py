"""Samples: the images themselves, some dozens at a time, and any one of them enlarged."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.data.image_inspector import choose, inspect
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.dashboard.widgets import choose_page, choose_split
from digits_core.data.digits import Digits

PER_PAGE = 60
"""Fills complete rows of 4, 5, 6, 10 and 12."""
GRID_AND_INSPECTOR = [5, 3]


@st.fragment
def samples(digits: Digits) -> None:
    indices, split = _filtered(digits)
    if not len(indices):
        st.info("No image has these labels in this split. Choose other digits or the other split.")
        return
    grid, beside = st.columns(GRID_AND_INSPECTOR, gap="medium")
    with grid:
        page = choose_page(len(indices), PER_PAGE, "page", "images", "images")
        shown = indices[(page - 1) * PER_PAGE : page * PER_PAGE]
        tiles_place = st.container()
    with beside:
        chosen = inspect(digits, int(shown[0]))
    with tiles_place:
        tiles = [Tile(int(digits.labels[place]), int(place)) for place in shown]
        words = f"{len(shown)} images of the {split} split with their labels"
        show_tiles(digits.images[shown], tiles, "samples", words=words, chosen=[chosen], on_choose=choose)
        st.caption(
            f"Images of the {split} split with their labels, the answers that a network learns from. Choose one to see "
            "it large. Look for what makes you hesitate: a network will hesitate there, too."
        )


def _filtered(digits: Digits) -> tuple[np.ndarray, str]:
    """Draw the filters; return the indices of the images to show, in order, and their split."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split()
        wanted = st.pills(
            "Digits",
            list(range(10)),
            selection_mode="multi",
            key="digit",
            bind="query-params",
            persist_state="session",
            wrap=True,
            help="Show only images with these labels; none chosen shows all.",
        )
        seed = st.number_input(
            "Shuffle",
            0,
            9999,
            1,
            key="shuffle",
            bind="query-params",
            persist_state="session",
            width=130,
            help="The seed of a random order, the same for everyone who types it; 0 keeps the order of the dataset.",
        )
    indices = digits.indices(split)
    if wanted:
        indices = indices[np.isin(digits.labels[indices], wanted)]
    if seed:
        indices = np.random.default_rng(seed).permutation(indices)
    return indices, split
