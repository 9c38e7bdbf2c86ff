"""Samples: the test images as each layer sees them, and how far the digits have come apart."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.network.choices import (
    choose_other,
    choose_subject,
    plain,
    say_untrained,
)
from digits_core.dashboard.network.network_choice import Subject, mapped_samples, sample_maps_of
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import choose_dataset, say_not_here
from digits_core.figures.network_figures import sample_map, separation
from digits_core.network.separation import SampleMap

NAMES = {"input": "pixels"}
FEWEST = 20


@st.fragment
def show() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = choose_dataset()
        subject = choose_subject()
        other = choose_other(subject)
    say_untrained()
    if not state().catalogue.available(dataset):
        say_not_here(dataset)
        return
    digits, indices = load_digits(dataset), mapped_samples(dataset)
    if len(indices) < FEWEST or len(np.unique(digits.labels[indices])) < 2:
        st.info(f"A map needs {FEWEST} test images of at least two digits. Choose a larger dataset, or add samples.")
        return
    subjects = [subject, *([other] if other else [])]
    maps = [sample_maps_of(each, dataset) for each in subjects]
    lines = [
        (each.short_title, each.colour, [one.nearest_centroid for one in found.values()])
        for each, found in zip(subjects, maps, strict=True)
    ]
    layers = [NAMES.get(name, name) for name in maps[0]]
    show_chart(separation(layers, lines, len(indices)), "separation", "How well the layers keep the digits apart")
    st.caption(
        "A simple reader that knows only the mean of each digit in a layer, taken from half of the samples, reads the "
        "other half. The more it gets right, the further that layer has pulled the digits apart. All dimensions count."
    )
    for place, (each, found) in enumerate(zip(subjects, maps, strict=True)):
        _show_maps(each, place, found, digits.labels[indices], indices)
    test = int(digits.test.sum())
    st.caption(
        f"{len(indices):,} of {test:,} test images, as many of each digit, drawn once by a fixed seed. Each map shows "
        "the two directions along which a layer's numbers vary most (principal component analysis, PCA); what overlaps "
        "here may be apart in the others. Silhouette (Rousseeuw, 1987): 1 where every digit is a tight cluster far "
        "from the others, 0 where they touch, below 0 where they mix."
    )


def _show_maps(
    subject: Subject, place: int, found: dict[str, SampleMap], labels: np.ndarray, indices: np.ndarray
) -> None:
    st.subheader(plain(subject), divider="gray")
    columns = [column for _ in range(0, len(found), 3) for column in st.columns(3)]
    for column, (layer, one) in zip(columns, found.items(), strict=False):
        name = NAMES.get(layer, layer)
        with column:
            chart = sample_map(
                one.points,
                labels,
                indices,
                f"{name}: {one.dimensions:,} numbers (n = {len(indices)})",
                one.explained,
            )
            show_chart(chart, f"map_{layer}_{place}", f"The samples as {name} sees them")
            st.caption(f"Nearest mean **{one.nearest_centroid:.1%}** · silhouette **{one.silhouette:.2f}**")
