"""Filters: the kernels of the convolutions, and the weights of every layer compared with their initial values."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.network.choices import choose_other, choose_subject, plain, say_untrained
from digits_core.dashboard.network.network_choice import Subject, network_of, weights_of
from digits_core.dashboard.network.scales import RELATIVE_TO, choose_scale, ranges_of
from digits_core.figures.activation_figures import montage
from digits_core.figures.network_figures import Histogram, histograms


@st.fragment
def show() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = choose_subject()
        other = choose_other(subject)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scale = choose_scale("kernel")
    say_untrained()
    subjects = [subject, *([other] if other else [])]
    kernels = [_kernels(each) for each in subjects]
    for place, column in enumerate(st.columns(len(subjects), gap="medium")):
        with column:
            st.subheader(plain(subjects[place]), divider="gray")
            _show_kernels(place, kernels, scale)
    st.caption(
        "Red weights ask for bright ink, blue ones for none: a kernel with red on one side and blue on the other finds "
        f"edges. {' '.join(_rows_and_columns(subject))}"
    )
    _show_histograms(subjects)


def _kernels(subject: Subject) -> dict[str, np.ndarray]:
    """Return the kernels of each convolution, (maps, filters, k, k)."""
    network = network_of(subject)
    weights = {layer.name: network.weights(layer.name).numpy() for layer in network.layers if layer.kind.weights}
    return {name: values.swapaxes(0, 1) for name, values in weights.items() if values.ndim == 4}


def _rows_and_columns(subject: Subject) -> list[str]:
    """Describe the rows and columns of each convolution over several maps."""
    layers = {layer.name: layer for layer in network_of(subject).layers}
    return [
        f"{name} has a kernel for each of its {values.shape[1]} filters (columns) and each of the {values.shape[0]} "
        f"maps of {layers[name].reads} (rows)."
        for name, values in _kernels(subject).items()
        if len(values) > 1
    ]


def _show_kernels(place: int, kernels: list[dict[str, np.ndarray]], scale: str) -> None:
    for name, values in kernels[place].items():
        inputs, filters, *sides = values.shape
        columns, tile, row = (filters, 26, "input map") if inputs > 1 else (8, 98, "")
        maps = values.reshape(-1, *sides)
        shared = [each[name] for each in kernels]
        if scale == RELATIVE_TO[2]:
            shared = [values for each in kernels for values in each.values()]
        title = f"{name}: {len(maps)} kernels of {sides[0]} × {sides[1]}"
        picture = montage(
            maps,
            title,
            columns,
            tile // len(kernels),
            ranges_of(maps, shared, scale, signed=True),
            signed=True,
            unit="filter",
            row_of=row,
        )
        show_chart(picture, f"kernels_{name}_{place}", title)


def _show_histograms(subjects: list[Subject]) -> None:
    """Draw one chart per layer: where its weights are now and where they started."""
    st.subheader(
        "Weights against the start",
        help="PyTorch draws the starting weights evenly between ± 1/√(inputs of a unit). Training moves them: a wider "
        "spread means that more was learnt there, long tails that single weights matter much.",
    )
    starts = [each.start for each in subjects if each.trained]
    shown = [*subjects, *(start for start in starts if start not in subjects)]
    names = [layer.name for layer in network_of(subjects[0]).layers if layer.kind.weights]
    columns = [column for _ in names[::2] for column in st.columns(2)]
    for name, column in zip(names, columns, strict=False):
        with column:
            counted = weights_of(tuple(shown), name)
            lines = [
                Histogram(
                    f"σ = {one.deviation:.4f}: {each.short_title}",
                    each.colour,
                    one.edges,
                    one.shares,
                    "solid" if each.trained else "dot",
                )
                for each, one in zip(shown, counted, strict=True)
            ]
            title = f"{name} (n = {counted[0].count:,} weights)"
            show_chart(histograms(lines, title, 250 + 22 * len(lines)), f"weights_{name}", title)
    if not starts:
        st.caption("These are starting weights: nothing has moved yet.")
