"""Map: every image is a point, similar images are close together; selecting points shows their images."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import CHART_CONFIG, on_projector
from digits_core.dashboard.data.image_inspector import choose, inspect, split_of
from digits_core.dashboard.data.results import PointMap, pca_map, tsne_map
from digits_core.dashboard.data.samples_view import GRID_AND_INSPECTOR
from digits_core.dashboard.tiles import Tile, show_tiles
from digits_core.data.digits import Digits
from digits_core.data.statistics.sampling import stratified_sample
from digits_core.data.statistics.tsne import FEWEST
from digits_core.figures.dataset_figures import image_map

SIZES = (1000, 2500, 5000)
SHOWN = 60
PERPLEXITIES = (5, 30, 50)


@st.fragment
def image_maps(digits: Digits) -> None:
    if len(digits) < FEWEST:
        st.info(f"A map needs {FEWEST} images or more; this dataset has {len(digits)}.")
        return
    method, found, select = _chosen_map(digits)
    if found is None:
        return
    selected = _draw(digits, method, found, select)
    _explain(method, found)
    if not len(selected):
        words = "Drag over points to see their images here. Begin where two colours meet."
        st.info(words, icon=":material/lasso_select:")
        return
    area, beside = st.columns(GRID_AND_INSPECTOR, gap="medium")
    with beside:
        chosen = inspect(digits, int(selected[0]))
    with area:
        _show_selected(digits, selected, chosen)


Drag = Literal["lasso", "select"]
"""The shape that dragging on a map selects, in Plotly's terms."""


def _chosen_map(digits: Digits) -> tuple[str, PointMap | None, Drag]:
    """Draw the choices; return the method, the map (`None` while it is computed) and the dragging shape."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            ["PCA", "t-SNE"],
            default="PCA",
            required=True,
            key="method",
            bind="query-params",
            persist_state="session",
            help="PCA looks from the side on which the images differ most: fast, and distances keep their meaning. "
            "t-SNE bends the space so that neighbours stay neighbours: slower, and it shows groups that PCA hides.",
        )
        count = SIZES[-1]
        if len(digits) > SIZES[0]:
            smaller = sum(size < len(digits) for size in SIZES)  # one more shows all that there are
            count = st.segmented_control(
                "Points",
                SIZES[: smaller + 1],
                default=SIZES[1],
                required=True,
                key="points",
                bind="query-params",
                persist_state="session",
                help="The most images shown: a sample in which each digit has the share that it has in the "
                "dataset, drawn with a fixed seed. More points show finer groups and take longer.",
            )
        perplexity = PERPLEXITIES[1]
        if method == "t-SNE":
            perplexity = st.segmented_control(
                "Perplexity",
                PERPLEXITIES,
                default=perplexity,
                required=True,
                key="perplexity",
                bind="query-params",
                persist_state="session",
                help="About how many neighbours each point tries to stay close to. Small values break groups into "
                "islands, large ones keep more of the whole: what changes with it is not a fact about the digits.",
            )
        select = st.segmented_control(
            "Select with",
            ["Lasso", "Box"],
            default="Lasso",
            required=True,
            key="select_with",
            help="Drag over the map, with the mouse or a finger: the images of the points inside are shown below it. A "
            "double click selects none.",
        )
    found = pca_map(digits, count) if method == "PCA" else tsne_map(digits, count, perplexity)
    return method, found, "lasso" if select == "Lasso" else "select"


def _draw(digits: Digits, method: str, found: PointMap, select: Drag) -> np.ndarray:
    """Draw the map; return the indices of the selected images."""
    shown, total = len(found.places), len(digits)
    title = f"{method} of {shown:,} images" if shown == total else f"{method} of {shown:,} of {total:,} images"
    axes = ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)")
    if found.shares is not None:
        shares = [*found.shares, 0.0, 0.0]
        first, second = (f"component {number} ({shares[number - 1]:.0%} of the variance)" for number in (1, 2))
        axes = (first, second)
    chart = image_map(found.points, digits.labels[found.places], found.places, title, axes, select)
    with st.container(key="map"):
        event = st.plotly_chart(
            on_projector(chart),
            key=f"map-{found.name}",
            config=CHART_CONFIG,
            on_select="rerun",
            selection_mode=("box", "lasso"),
            alt="A map of the images, coloured by digit; similar images lie close together",
        )
    return np.ravel([point["customdata"] for point in event["selection"]["points"]]).astype(int)


def _explain(method: str, found: PointMap) -> None:
    if method == "PCA":
        kept = found.shares[:2].sum() if found.shares is not None else 0
        st.caption(
            f"PCA turns the space of pixels until two axes show as much of the differences as two axes can: {kept:.0%} "
            "of the variance here, the rest lies behind the paper. Digits that overlap may still be told apart with "
            "more axes, which is what a network uses."
        )
    else:
        st.caption(
            "t-SNE keeps neighbours together: an island is a way of writing a digit, and a point in another digit's "
            "island is worth a look. Distances between islands and their sizes mean little, and so do the axes."
        )


def _show_selected(digits: Digits, selected: np.ndarray, chosen: int) -> None:
    counts = np.bincount(digits.labels[selected], minlength=10)
    which = ", ".join(f"{counts[digit]:,} × {digit}" for digit in np.argsort(-counts, kind="stable") if counts[digit])
    st.subheader(f"{len(selected):,} selected")
    st.caption(which + (f". {SHOWN} of them are shown, each digit with its share." if len(selected) > SHOWN else "."))
    shown = selected[stratified_sample(digits.labels[selected], SHOWN)]
    tiles = [
        Tile(
            int(digits.labels[place]),
            int(place),
            "",
            f"Digit {digits.labels[place]}, index {place}, {split_of(digits, place)}",
        )
        for place in shown
    ]
    words = f"{len(shown)} of the selected images"
    show_tiles(digits.images[shown], tiles, "selected", words=words, chosen=[chosen], on_choose=choose)
