"""By hand: one number of a layer, its factors and products, and its position in the output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard.charts import CHART_CONFIG, on_projector, show_chart
from digits_core.dashboard.network.backward_view import show_backward
from digits_core.dashboard.network.choices import ChosenImage, choose_image, choose_subject, say_untrained
from digits_core.dashboard.network.network_choice import activations_of, layers_of, network_of
from digits_core.dashboard.network.sums import show_arithmetic, show_sum, with_minus
from digits_core.figures.activation_figures import field, numbers, value_range
from digits_core.layers.worked_example import Table, WeightedSum, WorkedExample, reach

if TYPE_CHECKING:
    from digits_core.layers.placed import Layer
    from digits_core.network.layered_network import Activation

Found = Mapping[str, "Activation"]
MAP_HEIGHT = 330
FORWARD, BACKWARD = "forward", "backward"


@st.fragment
def show() -> None:
    """Draw the view as a fragment, so that moving the window redraws nothing else."""
    image = choose_image()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        subject = choose_subject()
        direction = st.segmented_control(
            "Direction",
            [FORWARD, BACKWARD],
            default=FORWARD,
            required=True,
            key="direction",
            bind="query-params",
            persist_state="session",
            help="**Forward**: how a number of a layer comes about. **Backward**: what the loss says about it, how the "
            "gradient of one weight adds up, and what an optimizer makes of that weight.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layers = layers_of(subject.config)
        layer = _choose_layer(layers)
        unit = _choose_number(
            layer.kind.unit,
            "unit",
            layer.output_shape[0],
            "Counted from 0, as in PyTorch. Each has weights of its own, and so looks for something else.",
        )
    say_untrained()
    if image is None:
        return
    if direction == BACKWARD:
        show_backward(subject, image, layer, unit)
        return
    network, found = network_of(subject), activations_of(subject, image.pixels)
    place = _choose_place(layer) if len(layer.output_shape) > 1 else ()
    example = network.work_out(found, layer.name, unit, *place)
    show_arithmetic(example, found[layer.name].before[0, unit, *place])
    if example.place:
        _show_window(example, found, layer, (unit, *place), image)
        if example.sum:
            st.caption(_on_edges(layer, subject.config.transform))
    elif example.sum:
        show_sum(example.sum, found, layer, unit, is_last=layer == layers[-1])


def _choose_layer(layers: Sequence[Layer]) -> Layer:
    by_name = {layer.name: layer for layer in layers}
    name = st.segmented_control(
        "Layer",
        list(by_name),
        default=layers[0].name,
        required=True,
        key="layer",
        bind="query-params",
        persist_state="session",
        help="Convolutions slide a window of weights over the maps before them, pooling keeps the largest of a window, "
        "and a neuron of a fully connected layer weighs all that comes in.",
    )
    return by_name[name]


def _choose_number(label: str, key: str, count: int, words: str) -> int:
    _keep_below(key, count)
    return st.number_input(
        label,
        0,
        count - 1,
        0,
        key=key,
        bind="query-params",
        persist_state="session",
        width=130,
        help=f"{words} 0 to {count - 1}.",
    )


def _choose_place(layer: Layer) -> tuple[int, int]:
    """Choose the row and the column in the output."""
    _, rows, columns = layer.output_shape
    left, right = st.columns(2)
    with left:
        row = _slide("Row", "row", rows)
    with right:
        return row, _slide("Column", "column", columns)


def _slide(label: str, key: str, count: int) -> int:
    _keep_below(key, count)
    return st.slider(
        label,
        0,
        count - 1,
        count // 2,
        key=key,
        bind="query-params",
        persist_state="session",
        help="Position of the result in the output, from 0. Move it, or click a place in the left picture: the window "
        "moves along.",
    )


def _keep_below(key: str, count: int) -> None:
    """Clamp a number that was chosen for a larger layer to the largest one valid here."""
    if st.session_state.get(key, 0) >= count:
        st.session_state[key] = count - 1


def _show_window(
    example: WorkedExample, found: Found, layer: Layer, cell: tuple[int, int, int], image: ChosenImage
) -> None:
    """Draw the input with its window, the tables of the numbers in it, and the output with the result marked."""
    unit, row, column = cell
    channel = example.maps[0]
    several = len(example.maps) > 1
    if several:
        channel = _choose_number(
            "Input map",
            "channel",
            len(example.maps),
            f"This {layer.kind.unit.lower()} reads all {len(example.maps)} maps of {layer.reads} at once. The pictures "
            "show one of them, the table all.",
        )
    source, middle, result = st.columns([4, 3, 4], gap="medium")
    with source:
        _show_input(example, found, layer, channel, _title_of_input(found, layer, channel, image))
    with middle:
        _show_tables(example.tables[channel - example.maps[0]])
    with result:
        _show_output(found[layer.name].after[0, unit].numpy(), _title_of(found, layer.name, unit), row, column)
    if several and example.sum:
        _show_all_products(example.sum, layer.reads)


def _title_of_input(found: Found, layer: Layer, channel: int, image: ChosenImage) -> str:
    if len(found[layer.reads].after[0]) == 1:
        return f"The image, a {image.label}, as the network reads it"
    return _title_of(found, layer.reads, channel)


def _title_of(found: Found, layer: str, unit: int) -> str:
    function = found[layer].function
    return f"{layer}, map {unit}{f', after {function.title}' if function else ''}"


def _on_edges(layer: Layer, transform: TransformConfig) -> str:
    """Explain the effect of the padding and the ReLU of a convolution."""
    words = "Where the window reaches over the edge it reads zeros (padding)"
    if layer.input_shape[0] > 1:
        words += f", as if {layer.reads} had found nothing there."
    else:
        paper, ink = (with_minus(f"{(value - transform.mean) / transform.std:.3g}") for value in (0, 1))
        words += f". Normalised paper is {paper} here and ink {ink}, so that zeros look like "
        grey = "a grey frame: that is why feature maps often light up at their edges."
        words += grey if transform.mean else "paper."
    return f"{words} ReLU keeps only answers above 0: what this filter asks for."


def _show_input(example: WorkedExample, found: Found, layer: Layer, channel: int, title: str) -> None:
    """Draw the map that the window slides over; a click moves the window."""
    values, place = found[layer.reads].after[0, channel].numpy(), example.place
    assert place is not None
    stride = layer.kind.window[1] if layer.kind.window else 1
    window, bounds = (place.top, place.left, place.side), value_range([values], signed=False)
    key = f"clicked_{layer.name}"
    st.plotly_chart(
        on_projector(field(values, title, MAP_HEIGHT, bounds, window, winner=example.winner)),
        key=key,
        on_select=partial(_move_to_click, key, stride, layer.output_shape[1:]),
        selection_mode="points",
        config=CHART_CONFIG,
        alt=f"{title}; a click or the sliders above move the window",
    )


def _move_to_click(key: str, step: int, shape: tuple[int, ...]) -> None:
    for point in st.session_state[key].selection.points:
        for name, place, count in zip(("row", "column"), point["customdata"], shape, strict=True):
            st.session_state[name] = min(place // step, count - 1)


def _show_tables(tables: Sequence[Table]) -> None:
    """Draw the tables of the numbers in the window and their products, stacked vertically."""
    height = 138 if len(tables) > 1 else 200
    for table in tables:
        show_chart(numbers(table.values, table.title, height, table.bound, table.digits), table.key, table.title)


def _show_output(values: np.ndarray, title: str, row: int, column: int) -> None:
    bounds = value_range([values], signed=False)
    picture = field(values, title, MAP_HEIGHT, bounds, (row, column, 1), clickable=False)
    show_chart(picture, "lands", f"{title}; the frame is at row {row}, column {column}")


def _show_all_products(sum_: WeightedSum, before: str) -> None:
    """Draw every product of a filter over several maps: a row for each map, with its sum in the last column."""
    products = sum_.products.reshape(len(sum_.products), -1)
    table = np.column_stack([products, sum_.channel_sums])
    side = sum_.products.shape[-1]
    ticks = [f"{place // side}, {place % side}" for place in range(products.shape[1])] + ["<b>sum</b>"]
    title = f"All {products.size} products: a row for each map of {before}, a column for each place in the window"
    picture = numbers(
        table,
        title,
        96 + 26 * len(table),
        reach(table),
        digits=3,
        names=("map", "place"),
        ticks=ticks,
    )
    show_chart(picture, "all_products", title)
