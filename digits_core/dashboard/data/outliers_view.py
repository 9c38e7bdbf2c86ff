"""Outliers: images whose label may be wrong, and images unlike the others of their digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digits_core.dashboard.data.image_inspector import choose, inspect, split_of
from digits_core.dashboard.data.results import Comparison, comparison
from digits_core.dashboard.data.samples_view import GRID_AND_INSPECTOR
from digits_core.dashboard.tiles import Group, Tile, show_tiles
from digits_core.dashboard.widgets import choose_page
from digits_core.data.digits import Digits
from digits_core.data.statistics.outliers import Ranking, badly_rebuilt, doubted_labels, lonely_images

PER_PAGE, NEIGHBOURS_SHOWN = 12, 4


@dataclass(frozen=True)
class Method:
    """A way to find outliers: how it works, and a text for its score, with `{score}` and `{digit}`."""

    explanation: str
    words: str


METHODS = {
    "Label in doubt": Method(
        "Most of the ten images most similar to each of these carry **another label**, weighted by how near they are "
        "(k nearest neighbours, as in Wilson's edited nearest neighbours). Some are labelled wrongly, some are honest "
        "digits that look like another: decide by looking. Wrong labels in training teach mistakes; in the test they "
        "count right answers as wrong.",
        "{score:.0%} say {digit}",
    ),
    "Far from all": Method(
        "These are far from **every** image that is most similar to them: the mean distance to their ten nearest "
        "neighbours, in multiples of what is usual for the digit. Rare ways of writing, stains and crops end up here. "
        "A network has seen nothing like them.",
        "{score:.1f} × the usual",
    ),
    "Badly rebuilt": Method(
        "The usual shapes of a digit, its **first 20 principal components**, can be mixed to rebuild most of its "
        "images; these they rebuild worst. The shapes come from one half of the images and judge the other "
        "half. The error is in multiples of what is usual for the digit.",
        "{score:.1f} × the usual",
    ),
}


@st.fragment
def outliers(digits: Digits) -> None:
    found = comparison(digits)
    if found is None:
        return
    name = st.segmented_control(
        "Found by",
        list(METHODS),
        default="Label in doubt",
        required=True,
        key="found_by",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help="Three ways to be odd: they find different images. None of them proves that anything is wrong.",
    )
    st.caption(METHODS[name].explanation)
    ranking = _ranking(name, digits, found)
    if not len(ranking):
        st.success("The neighbours of every image agree with its label.", icon=":material/check_circle:")
        return
    grid, beside = st.columns(GRID_AND_INSPECTOR, gap="medium")
    with grid:
        page = choose_page(len(ranking), PER_PAGE, "odd_page", "images", "images, the oddest first")
        tiles_place = st.container()
    shown = slice((page - 1) * PER_PAGE, page * PER_PAGE)
    with beside:
        chosen = inspect(digits, int(ranking.places[shown][0]))
    with tiles_place:
        _show(digits, found, ranking, shown, METHODS[name].words, chosen)


def _ranking(name: str, digits: Digits, found: Comparison) -> Ranking:
    if name == "Label in doubt":
        return doubted_labels(found.neighbours, digits.labels)
    if name == "Far from all":
        return lonely_images(found.neighbours, digits.labels)
    return badly_rebuilt(found.misfits, digits.labels)


def _show(digits: Digits, found: Comparison, ranking: Ranking, shown: slice, form: str, chosen: int) -> None:
    """Draw each outlier with its nearest neighbours, in a frame of its own."""
    tiles, groups = [], []
    for place, score, digit in zip(ranking.places[shown], ranking.scores[shown], ranking.digits[shown], strict=True):
        others = found.neighbours.places[place, :NEIGHBOURS_SHOWN]
        tiles += [_tile(digits, each) for each in (place, *others)]
        text = form.format(score=score, digit=digit)
        words = f"Labelled {digits.labels[place]} · {text} · index {place}, {split_of(digits, place)}"
        groups.append(Group(words, 1 + len(others)))
    images = digits.images[np.array([tile.place for tile in tiles])]
    show_tiles(
        images,
        tiles,
        "odd",
        words="Odd images, each followed by its nearest neighbours",
        groups=groups,
        size=60,
        chosen=[chosen],
        on_choose=choose,
    )
    st.caption("The first image of each frame is the odd one; the others are its nearest neighbours.")


def _tile(digits: Digits, place: int) -> Tile:
    label = int(digits.labels[place])
    return Tile(label, int(place), name=f"Digit {label}, index {place}, {split_of(digits, place)}")
