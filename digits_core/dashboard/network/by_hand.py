"""By hand: one number of a layer, every factor and product of it, and where it lands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard.charts import CHART_CONFIG, show_chart
from digits_core.dashboard.network.choices import ChosenImage, choose_image, choose_subject, say_untrained
from digits_core.dashboard.network.subjects import activations_of, layers_of, network_of
from digits_core.dashboard.network.sums import show_neuron, show_sum, with_minus
from digits_core.figures.activations import field, numbers, value_range
from digits_core.network.by_hand import BEFORE, Place, WeightedSum, convolution, pooling

if TYPE_CHECKING:
    from digits_core.network.activations import Activation
    from digits_core.network.improved_net import ImprovedNet
    from digits_core.network.summary import Layer

MAP_HEIGHT = 330
UNITS = {"convolution": "Filter", "max pooling": "Map", "fully connected": "Neuron"}


@st.fragment
def show() -> None:
    """A fragment: each move of the window draws this view anew, and nothing else."""
    image = choose_image()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = choose_subject()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = _choose_layer(layers_of(subject.size, subject.dropout))
        unit = _choose_number(
            UNITS[layer.kind], "unit", layer.output_shape[0],
            "Counted from 0, as in PyTorch. Each has weights of its own, and so looks for something else.",
        )  # fmt: skip
    say_untrained()
    if image is None:
        return
    network, found = network_of(subject), activations_of(subject, image.pixels)
    match layer.kind:
        case "convolution":
            _show_convolution(network, found, layer, unit, image)
            st.caption(_on_edges(layer, subject.transform))
        case "max pooling":
            _show_pooling(network, found, layer, unit)
        case _:
            show_neuron(network, found, layer, unit)


def _choose_layer(layers: list[Layer]) -> Layer:
    by_name = {layer.name: layer for layer in layers}
    name = st.segmented_control(
        "Layer", list(by_name), default=layers[0].name, required=True, key="layer", bind="query-params",
        help="Convolutions slide a window of weights over the maps before them, pooling keeps the largest of a window, "
        "and a neuron of a fully connected layer weighs all that comes in.",
    )  # fmt: skip
    return by_name[name]


def _choose_number(label: str, key: str, count: int, words: str) -> int:
    _keep_below(key, count)
    return st.number_input(
        label, 0, count - 1, 0, key=key, bind="query-params", width=130, help=f"{words} 0 to {count - 1}."
    )


def _choose_place(layer: Layer) -> tuple[int, int]:
    """Row and column of the output."""
    _, rows, columns = layer.output_shape
    left, right = st.columns(2)
    with left:
        row = _slide("Row", "row", rows)
    with right:
        return row, _slide("Column", "column", columns)


def _slide(label: str, key: str, count: int) -> int:
    _keep_below(key, count)
    return st.slider(
        label, 0, count - 1, count // 2, key=key, bind="query-params",
        help="Where the result stands in the output, from 0. Move it, or click a place in the left picture: the window "
        "moves along.",
    )  # fmt: skip


def _keep_below(key: str, count: int) -> None:
    """What was chosen in a larger layer stays as near as it can."""
    if st.session_state.get(key, 0) >= count:
        st.session_state[key] = count - 1


def _show_convolution(
    network: ImprovedNet, found: Mapping[str, Activation], layer: Layer, unit: int, image: ChosenImage
) -> None:
    row, column = _choose_place(layer)
    channels = layer.input_shape[0]
    step = convolution(network, found, layer.name, unit, row, column)
    show_sum(step.sum, f"Sum of {step.sum.products.size} products", found[layer.name].before[0, unit, row, column])
    channel = 0
    if channels > 1:
        channel = _choose_number(
            "Input map", "channel", channels,
            f"This filter reads all {channels} maps of {BEFORE[layer.name]} at once, with a 3×3 kernel for each. The "
            "pictures show one of them, the table all.",
        )  # fmt: skip
    source, middle, result = st.columns([4, 3, 4], gap="medium")
    with source:
        name = (
            f"The image, a {image.label}, as the network reads it"
            if channels == 1
            else f"{BEFORE[layer.name]}, map {channel}"
        )
        _show_input(found, layer, channel, step.place, name)
    with middle:
        _show_products(step.sum, channel)
    with result:
        _show_output(found[layer.name].after[0, unit].numpy(), f"{layer.name}, map {unit}, after ReLU", row, column)
    if channels > 1:
        _show_all_products(step.sum, BEFORE[layer.name])


def _on_edges(layer: Layer, transform: TransformConfig) -> str:
    """What the padding means to a convolution, and its ReLU."""
    words = "Where the window reaches over the edge it reads zeros (padding)"
    if layer.input_shape[0] > 1:
        words += f", as if {BEFORE[layer.name]} had found nothing there."
    else:
        paper, ink = (with_minus(f"{(value - transform.mean) / transform.std:.3g}") for value in (0, 1))
        words += f". Normalised paper is {paper} here and ink {ink}, so that zeros look like "
        grey = "a grey frame: that is why feature maps often light up at their edges."
        words += grey if transform.mean else "paper."
    return f"{words} ReLU keeps only answers above 0: what this filter asks for."


def _show_input(
    found: Mapping[str, Activation], layer: Layer, channel: int, place: Place, title: str, **marks: object
) -> None:
    """The map that the window slides over; a click moves it there."""
    values = found[BEFORE[layer.name]].after[0, channel].numpy()
    picture = field(
        values, title, MAP_HEIGHT, value_range([values], signed=False), (place.top, place.left, place.side), **marks
    )  # fmt: skip
    # A convolution puts its result where the middle of its window lies, a pooling one result for each window.
    step = place.side if layer.kind == "max pooling" else 1
    key = f"clicked_{layer.name}"
    st.plotly_chart(
        picture, key=key, on_select=partial(_move_to_click, key, step, layer.output_shape[1:]),
        selection_mode="points", config=CHART_CONFIG, alt=f"{title}; a click or the sliders above move the window",
    )  # fmt: skip


def _move_to_click(key: str, step: int, shape: tuple[int, int]) -> None:
    for point in st.session_state[key].selection.points:
        for name, place, count in zip(("row", "column"), point["customdata"], shape, strict=True):
            st.session_state[name] = min(place // step, count - 1)


def _show_products(sum_: WeightedSum, channel: int) -> None:
    """Patch times kernel, nine products."""
    patch, kernel, products = (values[channel] for values in (sum_.inputs, sum_.weights, sum_.products))
    for name, values, bound, title in (
        ("patch", patch, _reach(sum_.inputs), "Patch: what the window sees"),
        ("kernel", kernel, _reach(sum_.weights), "× kernel: the weights"),
        ("products", products, _reach(sum_.products), f"= nine products, sum {with_minus(f'{products.sum():.4f}')}"),
    ):
        show_chart(numbers(values, title, 138, bound, digits=3), name, title)


def _reach(values: np.ndarray) -> float:
    """The largest value in size, for a scale around 0: never 0 itself."""
    return max(1e-9, float(np.abs(values).max()))


def _show_output(values: np.ndarray, title: str, row: int, column: int) -> None:
    bounds = value_range([values], signed=False)
    picture = field(values, title, MAP_HEIGHT, bounds, (row, column, 1), clickable=False)
    show_chart(picture, "lands", f"{title}; the frame is at row {row}, column {column}")


def _show_all_products(sum_: WeightedSum, before: str) -> None:
    """Every product of a filter over several maps, a row for each map, its sum at the end."""
    products = sum_.products.reshape(len(sum_.products), -1)
    table = np.column_stack([products, sum_.channel_sums])
    side = sum_.products.shape[-1]
    ticks = [f"{place // side}, {place % side}" for place in range(products.shape[1])] + ["<b>sum</b>"]
    title = f"All {products.size} products: a row for each map of {before}, a column for each place in the window"
    picture = numbers(
        table,
        title,
        96 + 26 * len(table),
        _reach(table),
        digits=3,
        names=("map", "place"),
        ticks=ticks,
    )
    show_chart(picture, "all_products", title)


def _show_pooling(network: ImprovedNet, found: Mapping[str, Activation], layer: Layer, unit: int) -> None:
    row, column = _choose_place(layer)
    step = pooling(network, found, layer.name, unit, row, column)
    with st.container(horizontal=True):
        st.metric(
            "Largest of 4", f"{step.largest:.6f}", border=True, help="What goes on to the next layer; three are left."
        )
        where = ("upper", "lower")[step.winner[0]] + " " + ("left", "right")[step.winner[1]]
        st.metric("Found", where, border=True, help="In backpropagation only this place gets a gradient.")
    torchs = float(found[layer.name].after[0, unit, row, column])
    st.caption(f"PyTorch computes {torchs:.6f} here: the difference is {abs(torchs - step.largest):.0e}.")
    source, middle, result = st.columns([4, 3, 4], gap="medium")
    winner = (step.place.top + step.winner[0], step.place.left + step.winner[1])
    with source:
        _show_input(found, layer, unit, step.place, f"{BEFORE[layer.name]}, map {unit}, after ReLU", winner=winner)
    with middle:
        bound = max(1e-9, float(step.window.max()))
        show_chart(numbers(step.window, "The window: the largest stays", 200, bound, 4), "window", "The four values")
    with result:
        _show_output(found[layer.name].after[0, unit].numpy(), f"{layer.name}, map {unit}", row, column)
