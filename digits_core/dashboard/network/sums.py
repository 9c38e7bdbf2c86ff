"""A weighted sum in numbers: the terms of one output of a layer, next to the result of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from digits_core.dashboard.charts import show_chart
from digits_core.figures.activation_figures import montage, value_range
from digits_core.figures.network_figures import contributions
from digits_core.layers.worked_example import WeightedSum, WorkedExample

if TYPE_CHECKING:
    from torch import Tensor

    from digits_core.layers.placed import Layer
    from digits_core.network.layered_network import Activation

SHOWN_INPUTS = 15


def show_arithmetic(example: WorkedExample, torchs: Tensor) -> None:
    """Draw the arithmetic in one row, and its difference from the result of the network."""
    with st.container(horizontal=True):
        for each in example.quantities:
            value = each.value if isinstance(each.value, str) else with_minus(f"{each.value:.6f}")
            st.metric(each.name, value, border=True, help=each.words)
    difference = abs(float(torchs) - example.result)
    st.caption(f"PyTorch computes {with_minus(f'{float(torchs):.6f}')} here: the difference is {difference:.0e}.")


def show_sum(step: WeightedSum, found: Mapping[str, Activation], layer: Layer, unit: int, is_last: bool) -> None:
    """Draw the largest products that add up to a neuron, and all products as a picture."""
    before = found[layer.reads].after[0].numpy()
    largest = step.largest(SHOWN_INPUTS)
    rest = step.product_sum - step.products[largest].sum()
    names = [_name_of(place, before.shape, layer.reads) for place in largest]
    others = step.products.size - len(largest)
    left, right = st.columns(2, gap="medium")
    with left:
        chart = contributions(
            [*names, f"the other {others:,}", "bias"],
            [*step.products[largest].tolist(), rest, step.bias],
            f"What decides {layer.name}, neuron {unit}",
        )
        show_chart(chart, "contributions", f"The {len(largest)} largest products, the sum of the others, and the bias")
    with right:
        show_chart(
            _all_contributions(step, before.shape, layer.reads), "all_contributions", "All products as a picture"
        )
    if is_last:
        chance = float(found[layer.name].after[0, unit])
        st.caption(f"This is the logit of the digit {unit}. Softmax over all ten logits makes {chance:.2%} of it.")


def _name_of(place: int, shape: tuple[int, ...], before: str) -> str:
    """Name the input at a position of the flattened vector by its map and coordinates, or its neuron."""
    if len(shape) == 1:
        return f"{before}, neuron {place}"
    channel, row, column = np.unravel_index(place, shape)
    return f"map {channel} ({row}, {column})"


def _all_contributions(step: WeightedSum, shape: tuple[int, ...], before: str) -> go.Figure:
    """Draw every product at the place of its input: in the maps, or in a row of neurons."""
    maps = step.products.reshape(shape if len(shape) == 3 else (-1, 1, 1))
    title = f"All {maps.size:,} products, where {before} has them"
    ranges = [value_range([maps], signed=True)] * len(maps)
    kind = "map" if len(shape) == 3 else "neuron"
    return montage(
        maps, title, 8 if len(shape) == 3 else 16, 90 if len(shape) == 3 else 36, ranges, signed=True, unit=kind
    )


def with_minus(number: str) -> str:
    """Format a number with a typographic minus sign."""
    return number.replace("-", "−")
