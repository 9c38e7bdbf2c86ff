"""A weighted sum in figures: what a layer adds up for one of its numbers, beside what PyTorch says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.figures.activations import montage, value_range
from digits_core.figures.network import contributions
from digits_core.network.by_hand import BEFORE, WeightedSum, neuron

if TYPE_CHECKING:
    from digits_core.network.activations import Activation
    from digits_core.network.improved_net import ImprovedNet
    from digits_core.network.summary import Layer

SHOWN_INPUTS = 15


def show_sum(sum_: WeightedSum, products: str, torchs: object, relu: bool = True) -> None:
    """The arithmetic in one row, and what the network itself says."""
    figures = {
        products: (sum_.product_sum, "Each input times its weight, all added up."),
        "+ bias": (sum_.bias, "A number of the unit's own, added whatever comes in."),
        "= sum": (sum_.total, "What the layer puts out before its function."),
    }
    if relu:
        figures["after ReLU"] = (sum_.after_relu, "Negative sums become 0: without this, layers would add up to one.")
    with st.container(horizontal=True):
        for name, (value, words) in figures.items():
            st.metric(name, with_minus(f"{value:.6f}"), border=True, help=words)
    difference = abs(float(torchs) - sum_.total)
    st.caption(f"PyTorch computes {with_minus(f'{float(torchs):.6f}')} here: the difference is {difference:.0e}.")


def show_neuron(network: ImprovedNet, found: Mapping[str, Activation], layer: Layer, unit: int) -> None:
    step = neuron(network, found, layer.name, unit)
    last = layer.then == "softmax"
    show_sum(step, f"Sum of {step.products.size:,} products", found[layer.name].before[0, unit], relu=not last)
    before = found[BEFORE[layer.name]].after[0].numpy()
    largest = step.largest(SHOWN_INPUTS)
    rest = step.product_sum - step.products[largest].sum()
    names = [_name_of(place, before.shape, BEFORE[layer.name]) for place in largest]
    others = step.products.size - len(largest)
    left, right = st.columns(2, gap="medium")
    with left:
        chart = contributions(
            [*names, f"the other {others:,}", "bias"], [*step.products[largest].tolist(), rest, step.bias],
            f"What decides {layer.name}, neuron {unit}",
        )  # fmt: skip
        show_chart(chart, "contributions", f"The {len(largest)} largest products, the sum of the others, and the bias")
    with right:
        show_chart(
            _all_contributions(step, before.shape, BEFORE[layer.name]), "all_contributions", "All products as a picture"
        )
    if last:
        chance = float(found[layer.name].after[0, unit])
        st.caption(f"This is the logit of the digit {unit}. Softmax over all ten logits makes {chance:.2%} of it.")


def _name_of(place: int, shape: tuple[int, ...], before: str) -> str:
    """The input at a place of the flattened vector, as a person finds it again."""
    if len(shape) == 1:
        return f"{before}, neuron {place}"
    channel, row, column = np.unravel_index(place, shape)
    return f"map {channel} ({row}, {column})"


def _all_contributions(step: WeightedSum, shape: tuple[int, ...], before: str) -> go.Figure:
    """Every product where its input stands: in the maps, or in a row of neurons."""
    maps = step.products.reshape(shape if len(shape) == 3 else (-1, 1, 1))
    title = f"All {maps.size:,} products, where {before} has them"
    ranges = [value_range([maps], signed=True)] * len(maps)
    kind = "map" if len(shape) == 3 else "neuron"
    return montage(
        maps, title, 8 if len(shape) == 3 else 16, 90 if len(shape) == 3 else 36, ranges, signed=True, unit=kind
    )


def with_minus(number: str) -> str:
    """A number with the minus sign that print has."""
    return number.replace("-", "−")
