"""Duplicates: images that occur twice, and their effect on the accuracy."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.data.image_inspector import choose, inspect, split_of
from digits_core.dashboard.data.results import Comparison, comparison
from digits_core.dashboard.data.samples_view import GRID_AND_INSPECTOR
from digits_core.dashboard.tiles import Group, Tile, show_tiles
from digits_core.dashboard.widgets import choose_page
from digits_core.data.digits import Digits
from digits_core.data.statistics.duplicates import (
    KINDS,
    Pairs,
    count_exact,
    count_near,
    near_pairs,
    seen_in_training,
)
from digits_core.data.statistics.neighbours import NEIGHBOURS
from digits_core.figures.dataset_figures import nearest_distances

THRESHOLD, HIGHEST = 12, 40
PER_PAGE, COPIES = 12, 8
SHOWS = ("All", "Across the splits", "Different labels")


@st.fragment
def duplicates(digits: Digits) -> None:
    found = comparison(digits)
    if found is None:
        return
    threshold = st.slider(
        "Threshold",
        0,
        HIGHEST,
        THRESHOLD,
        key="threshold",
        bind="query-params",
        persist_state="session",
        help="Two images count as nearly the same where they differ by at most this many of 255 grey levels per pixel "
        "(root mean square). At 0 only exact copies count; too high, and merely similar digits do.",
    )
    pairs = near_pairs(found.neighbours, threshold)
    _count(digits, found, pairs)
    _show(digits, found.copies, pairs)
    if found.neighbours.count:
        _distances(digits, found, threshold)


def _count(digits: Digits, found: Comparison, pairs: Pairs) -> None:
    # Here and not above: this page is the first one, and pandas takes a third of a second to import.
    import pandas as pd

    exact = count_exact(found.copies, digits.labels, digits.test)
    near = count_near(pairs, digits.labels, digits.test)
    st.table(
        pd.DataFrame(
            {
                "Equal, one label": exact[:, 0],
                "Equal, two labels": exact[:, 1],
                "Nearly equal, one label": near[:, 0],
                "Nearly equal, two labels": near[:, 1],
            },
            index=pd.Index(KINDS, name="Pairs"),
        ),
        alt="How many pairs of equal and nearly equal images there are, within and across the splits",
    )
    seen, total = seen_in_training(found.copies, pairs, digits.test), int(digits.test.sum())
    st.caption(
        f"**{seen:,} of {total:,} test images ({seen / max(1, total):.1%})** have an equal or nearly "
        "equal image in training. A network can answer those from memory: they inflate the accuracy, which should tell "
        "how well it reads digits that it has never seen. Two labels for one image are a question with two right "
        f"answers: one must be wrong. Method: equal pixels by their hash; nearly equal among each image's {NEIGHBOURS} "
        "nearest neighbours in pixel space."
    )


def _show(digits: Digits, copies: list[np.ndarray], pairs: Pairs) -> None:
    wanted = st.segmented_control(
        "Show",
        SHOWS,
        default=SHOWS[0],
        required=True,
        key="pairs",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help="All, only those with one image in training and one in the test, or only those that carry two labels.",
    )
    copies, pairs = _filtered(digits, copies, pairs, wanted)
    total = len(copies) + len(pairs)
    if not total:
        st.info("There are none here. Raise the threshold to see the most similar.", icon=":material/check_circle:")
        return
    grid, beside = st.columns(GRID_AND_INSPECTOR, gap="medium")
    with grid:
        page = choose_page(total, PER_PAGE, "pair_page", "groups", "groups, the most similar first")
        tiles_place = st.container()
    shown = range((page - 1) * PER_PAGE, min(page * PER_PAGE, total))
    groups = [_group(copies, pairs, at) for at in shown]
    with beside:
        chosen = inspect(digits, int(groups[0][1][0]))
    with tiles_place:
        _draw(digits, groups, chosen)


def _group(copies: list[np.ndarray], pairs: Pairs, at: int) -> tuple[str, np.ndarray]:
    """Return the title and the indices of a group: first come the equal images, then the pairs."""
    if at < len(copies):
        return f"{len(copies[at])} equal images", copies[at]
    at -= len(copies)
    return f"differ by {pairs.distances[at]:.1f}", np.array([pairs.first[at], pairs.second[at]])


def _draw(digits: Digits, groups: list[tuple[str, np.ndarray]], chosen: int) -> None:
    places = np.concatenate([members[:COPIES] for _, members in groups])
    tiles = [
        Tile(
            int(digits.labels[place]),
            int(place),
            f"{split_of(digits, place)} {place}",
            f"Digit {digits.labels[place]}, index {place}, {split_of(digits, place)}",
        )
        for place in places
    ]
    show_tiles(
        digits.images[places],
        tiles,
        "duplicates",
        words="Equal and nearly equal images",
        groups=[Group(words, len(members[:COPIES])) for words, members in groups],
        chosen=[chosen],
        on_choose=choose,
    )


def _filtered(digits: Digits, copies: list[np.ndarray], pairs: Pairs, wanted: str) -> tuple[list[np.ndarray], Pairs]:
    """Return the groups of copies and the pairs that are to be shown."""
    if wanted == SHOWS[1]:
        values, chosen = digits.test, pairs.kinds(digits.test) == KINDS.index("train–test")
    elif wanted == SHOWS[2]:
        values, chosen = digits.labels, ~pairs.same_label(digits.labels)
    else:
        return copies, pairs
    return [group for group in copies if len(np.unique(values[group])) > 1], pairs.where(chosen)


def _distances(digits: Digits, found: Comparison, threshold: int) -> None:
    closest = found.neighbours.distances[:, 0]
    chart = nearest_distances({"training": closest[~digits.test], "test": closest[digits.test]}, threshold)
    show_chart(chart, "distances", "How far each image is from the most similar other one, with the threshold")
    st.caption(
        "Left of the line is what counts as a duplicate. A second hill on the far left would be copies that somebody "
        "made; one smooth hill means that similar images are similar by chance."
    )
