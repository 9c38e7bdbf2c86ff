"""Filters: the kernels of both convolutions, and the weights of every layer against their start."""

from __future__ import annotations

import numpy as np
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.network.choices import choose_other, choose_subject, plain, say_untrained
from digits_core.dashboard.network.scales import RELATIVE_TO, choose_scale, ranges_of
from digits_core.dashboard.network.subjects import Subject, network_of, weights_of
from digits_core.figures.activations import montage
from digits_core.figures.network import Histogram, histograms

CONVOLUTIONS = ("conv1", "conv2")
LAYERS = (*CONVOLUTIONS, "fc1", "fc2", "fc3")


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
        "edges. conv2 has a kernel for each of its 32 filters (columns) and each of the 16 maps of conv1 (rows)."
    )
    _show_histograms(subjects)


def _kernels(subject: Subject) -> dict[str, np.ndarray]:
    """(n, 3, 3) by convolution; those of conv2 input map by input map, as they are drawn."""
    weights = {name: network_of(subject).get_submodule(name).weight.detach().numpy() for name in CONVOLUTIONS}
    return {name: values.swapaxes(0, 1).reshape(-1, *values.shape[2:]) for name, values in weights.items()}


def _show_kernels(place: int, kernels: list[dict[str, np.ndarray]], scale: str) -> None:
    for name, columns, tile, row in (("conv1", 8, 98, ""), ("conv2", 32, 26, "input map")):
        maps = kernels[place][name]
        shared = [each[name] for each in kernels]
        if scale == RELATIVE_TO[2]:
            shared = [values for each in kernels for values in each.values()]
        title = f"{name}: {len(maps)} kernels of 3 × 3"
        picture = montage(
            maps, title, columns, tile // len(kernels), ranges_of(maps, shared, scale, signed=True), signed=True,
            unit="filter", row_of=row,
        )  # fmt: skip
        show_chart(picture, f"kernels_{name}_{place}", title)


def _show_histograms(subjects: list[Subject]) -> None:
    """One chart a layer: where its weights are now and where they started."""
    st.subheader(
        "Weights against the start",
        help="PyTorch draws the starting weights evenly between ± 1/√(inputs of a unit). Training moves them: a wider "
        "spread means that more was learnt there, long tails that single weights matter much.",
    )
    starts = [each.start for each in subjects if each.trained]
    shown = [*subjects, *(start for start in starts if start not in subjects)]
    columns = [column for _ in range(3) for column in st.columns(2)]
    for name, column in zip(LAYERS, columns, strict=False):
        with column:
            counted = weights_of(tuple(shown), name)
            lines = [
                Histogram(
                    f"σ = {one.deviation:.4f}: {each.short_title}", each.colour, one.edges, one.shares,
                    "solid" if each.trained else "dot",
                )
                for each, one in zip(shown, counted, strict=True)
            ]  # fmt: skip
            title = f"{name} (n = {counted[0].count:,} weights)"
            show_chart(histograms(lines, title, 250 + 22 * len(lines)), f"weights_{name}", title)
    if not starts:
        st.caption("These are starting weights: nothing has moved yet.")
