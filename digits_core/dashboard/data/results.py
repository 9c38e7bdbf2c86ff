"""What the views show of a dataset, computed once: directly if that is quick, else in the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digits_core.dashboard.background_jobs import awaited
from digits_core.dashboard.data.kept_statistics import Arrays, Compute, workshop
from digits_core.dashboard.state import state
from digits_core.data.digits import Digits
from digits_core.data.statistics.chunks import Report
from digits_core.data.statistics.classes import ClassImages, class_images, pixel_histogram
from digits_core.data.statistics.components import principal_components
from digits_core.data.statistics.duplicates import exact_groups
from digits_core.data.statistics.neighbours import COMPONENTS, NeighbourTable, neighbour_table
from digits_core.data.statistics.outliers import class_misfits
from digits_core.data.statistics.sampling import stratified_sample
from digits_core.data.statistics.tsne import tsne

NEIGHBOURS_SHARE = 0.95
"""Share of the comparison's time that the neighbours take."""


@dataclass(frozen=True)
class Summary:
    """What the overview shows: the images of each digit averaged, and how often each pixel value occurs."""

    classes: ClassImages
    histogram: np.ndarray  # int64 (256,)


@dataclass(frozen=True)
class Comparison:
    """All images compared with each other: neighbours, copies, and what the usual shapes of each digit leave out."""

    neighbours: NeighbourTable
    copies: list[np.ndarray]
    misfits: np.ndarray  # float32 (N,)


@dataclass(frozen=True)
class PointMap:
    """Images as points: their indices in the dataset, int (P,), and their coordinates, float32 (P, 2).

    `name` distinguishes this map from every other: a selection on one means nothing on the next.
    """

    name: str
    places: np.ndarray
    points: np.ndarray
    shares: np.ndarray | None = None
    """For a PCA map, the share of the variance along each axis."""


# Arguments with an underscore are not part of the cache key: the fingerprint identifies them.


def summary(digits: Digits) -> Summary:
    """Compute the summary at once: it takes a tenth of a second for 70,000 images."""
    return _summary(digits.fingerprint, digits)


@st.cache_resource(max_entries=16, show_spinner=False)
def _summary(fingerprint: str, _digits: Digits) -> Summary:
    return Summary(class_images(_digits.images, _digits.labels), pixel_histogram(_digits.images))


def pca_map(digits: Digits, count: int) -> PointMap:
    """Return the first two principal components of a sample, computed directly: they are fitted to the sample only."""
    return _pca_map(digits.fingerprint, count, digits)


@st.cache_resource(max_entries=16, show_spinner="Laying out the map …")
def _pca_map(fingerprint: str, count: int, _digits: Digits) -> PointMap:
    places = stratified_sample(_digits.labels, count)
    images = _digits.images[places]
    components = principal_components(images, 2)
    points = np.zeros((len(places), 2), dtype=np.float32)
    points[:, : len(components.axes)] = components.project(images)
    return PointMap(f"{fingerprint}-pca-{count}", places, points, components.shares)


def tsne_map(digits: Digits, count: int, perplexity: int) -> PointMap | None:
    """Return the t-SNE map of a sample; `None` while it is computed, with its progress on the page."""

    def compute(report: Report) -> Arrays:
        places = stratified_sample(digits.labels, count)
        images = digits.images[places]
        points = principal_components(images, COMPONENTS).project(images)
        return {"places": places, "points": tsne(points, perplexity, report)}

    key = f"{digits.fingerprint}-tsne-{min(count, len(digits))}-{perplexity}"
    arrays = _awaited(key, compute, f"Computing t-SNE of {min(count, len(digits)):,} images")
    return PointMap(key, arrays["places"], arrays["points"]) if arrays else None


def comparison(digits: Digits) -> Comparison | None:
    """Return the comparison of all images; `None` while it is computed, with its progress on the page."""

    def compute(report: Report) -> Arrays:
        table = neighbour_table(digits.images, report=lambda share: report(share * NEIGHBOURS_SHARE))
        copies = exact_groups(digits.images)
        return {
            "places": table.places,
            "distances": table.distances,
            "misfits": class_misfits(digits.images, digits.labels),
            "copies": np.concatenate(copies) if copies else np.empty(0, dtype=int),
            "sizes": np.array([len(group) for group in copies], dtype=int),
        }

    arrays = _awaited(f"{digits.fingerprint}-comparison", compute, f"Comparing {len(digits):,} images with each other")
    if arrays is None:
        return None
    ends = np.cumsum(arrays["sizes"])
    copies = np.split(arrays["copies"], ends[:-1]) if len(ends) else []
    return Comparison(NeighbourTable(arrays["places"], arrays["distances"]), copies, arrays["misfits"])


def _awaited(key: str, compute: Compute, words: str) -> Arrays | None:
    return awaited(workshop(state().home.analyses), key, compute, words)
