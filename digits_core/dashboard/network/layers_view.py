"""Layers: the diagram, what one layer costs and why, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from digits_core.dashboard.charts import CHART_CONFIG
from digits_core.dashboard.network.choices import choose_dropout, choose_size
from digits_core.dashboard.network.network_choice import layers_of
from digits_core.figures.network_figures import IMAGE_COLOUR, Block, diagram
from digits_core.figures.palette import DIGIT_COLOURS

if TYPE_CHECKING:
    from digits_core.network.kinds import Count
    from digits_core.network.layers import Layer

COLUMNS = {
    "Layer": st.column_config.TextColumn(pinned=True, help="By the name that it has in the source."),
    "Kernel": st.column_config.TextColumn(help="Height and width of the window that slides over the maps."),
    "Stride": st.column_config.TextColumn(help="Places that the window moves at a time."),
    "Padding": st.column_config.TextColumn(help="Zeros around the map, so that the window also fits at the edge."),
    "Output shape": st.column_config.TextColumn(help="Maps × height × width for one image; after flatten, units."),
    "Then": st.column_config.TextColumn(help="What follows and has no parameters, in the lecture's order."),
    "Parameters": st.column_config.NumberColumn(format="localized", help="Weights and biases that training changes."),
    "Formula": st.column_config.TextColumn(help="Units · (weights of each + 1 bias)."),
    "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, help="Of all parameters."),
    "Multiply-adds": st.column_config.NumberColumn(
        format="localized", help="Multiplications with their additions for one image: the work."
    ),
    "Receptive field": st.column_config.TextColumn(help="What one output can see of the image, in pixels."),
    "Memory": st.column_config.NumberColumn(
        format="%.1f KiB", help="Of what comes out for one image, 4 bytes a number."
    ),
}


def show() -> None:
    with st.container(horizontal=True):
        size, dropout = choose_size(), choose_dropout()
    layers, lecture = layers_of(size, dropout), layers_of(28, 0.3)
    _totals(layers, lecture)
    names = [layer.name for layer in layers]
    above = st.container()
    name = st.selectbox(
        "Layer",
        names,
        key="layer",
        bind="query-params",
        width=220,
        help="The layer that is explained. A click on its block in the picture chooses it as well.",
    )
    with above:  # it stands over the list, and shows what the list says
        _show_diagram(layers, size, name)
    _explain(layers[names.index(name)])
    st.subheader("All layers")
    st.dataframe(
        _table(layers),
        hide_index=True,
        column_config=COLUMNS,
        alt="The layers of ImprovedNet with their shapes, parameters and costs",
    )
    st.caption("The last row has the totals. Parameters and multiply-adds are those that PyTorch itself counts.")


def _totals(layers: Sequence[Layer], lecture: Sequence[Layer]) -> None:
    """The sums, and below them by how much they differ from the lecture's network."""
    figures = {
        "Parameters": ("Numbers that training changes.", lambda all_: sum(layer.parameters.number for layer in all_)),
        "Multiply-adds": (
            "Multiplications with an addition that one image takes.",
            lambda all_: sum(layer.multiply_adds.number for layer in all_),
        ),
        "Flattened size": (
            "Numbers that reach the first fully connected layer: maps · height · width. They follow from the image "
            "size.",
            lambda all_: next(layer.activations for layer in all_ if layer.flattened),
        ),
        "Activations": (
            "Numbers that all layers put out for one image. Training keeps them until the gradients are computed.",
            lambda all_: sum(layer.activations for layer in all_),
        ),
    }
    with st.container(horizontal=True):
        for name, (words, count) in figures.items():
            more = count(layers) - count(lecture)
            st.metric(
                name,
                f"{count(layers):,}",
                f"{more:+,}" if more else None,
                delta_color="off",
                border=True,
                help=f"{words} Below: the difference to the lecture's." if more else words,
            )


def _show_diagram(layers: Sequence[Layer], size: int, selected: str) -> None:
    hint = f"The image: 1 channel of {size} × {size} numbers"
    blocks = [Block("image", IMAGE_COLOUR, (1, size, size), "", hint)]
    for layer in layers:
        parameters, multiply_adds = layer.parameters.number, layer.multiply_adds.number
        words = f"{layer.name}: {layer.kind.title}, {parameters:,} parameters, {multiply_adds:,} multiply-adds"
        blocks.append(Block(layer.name, DIGIT_COLOURS[layer.kind.colour], layer.output_shape, layer.then, words))
    picture = diagram(blocks, selected)
    st.plotly_chart(
        picture,
        key="diagram",
        on_select=_choose_clicked,
        selection_mode="points",
        config=CHART_CONFIG,
        alt="The layers as blocks from the image to the logits; the list below chooses one without a mouse",
    )


def _choose_clicked() -> None:
    for point in st.session_state["diagram"].selection.points:
        if point["customdata"][0] != "image":
            st.session_state["layer"] = point["customdata"][0]


def _explain(layer: Layer) -> None:
    """One layer in words and formulas."""
    shape = " × ".join(map(str, layer.output_shape))
    rows = [("Output shape", shape, "maps × height × width" if len(layer.output_shape) == 3 else "units")]
    if layer.side_formula != "–":
        rows.append(
            (
                "Side of a map",
                f"{layer.output_shape[1]}",
                f"{layer.side_formula}: (side + 2·padding - kernel) / stride + 1",
            )
        )
    rows += [
        _counted("Parameters", layer.parameters, "nothing to learn"),
        _counted("Multiply-adds", layer.multiply_adds, "none"),
        ("Receptive field", f"{layer.receptive_field} × {layer.receptive_field}", "pixels that one output can see"),
        ("Memory", f"{layer.activation_bytes / 1024:,.1f} KiB", f"{layer.activations:,} numbers of 4 bytes"),
    ]
    if layer.dropout is not None:
        off = f"in training about {layer.activations * layer.dropout:.0f} of {layer.activations} units are off"
        rows.append(("Dropout", f"{layer.dropout:g}", f"{off} at each step"))
    with st.container(border=True):
        st.markdown(
            f"**{layer.name}: {layer.kind.title}**{', then ' + layer.then if layer.then else ''}. {layer.kind.words}"
        )
        st.markdown(
            "| Quantity | Value | How it comes about |\n|:--|--:|:--|\n"
            + "\n".join(f"| {name} | **{value}** | {why} |" for name, value, why in rows)
        )


def _counted(name: str, count: Count, nothing: str) -> tuple[str, str, str]:
    return name, f"{count.number:,}", count.formula if count.number else nothing


def _table(layers: Sequence[Layer]) -> pd.DataFrame:
    parameters = sum(layer.parameters.number for layer in layers)
    kinds = [layer.kind for layer in layers]
    table = pd.DataFrame(
        {
            "Layer": [layer.name for layer in layers],
            "Kind": [layer.kind.title for layer in layers],
            "Kernel": [f"{kind.kernel}×{kind.kernel}" if kind.kernel else "–" for kind in kinds],
            "Stride": [f"{kind.stride}" if kind.kernel else "–" for kind in kinds],
            "Padding": [f"{kind.padding}" if kind.kernel else "–" for kind in kinds],
            "Output shape": [" × ".join(map(str, layer.output_shape)) for layer in layers],
            "Then": [layer.then for layer in layers],
            "Parameters": [layer.parameters.number for layer in layers],
            "Formula": [layer.parameters.formula for layer in layers],
            "Share": [layer.parameters.number / parameters for layer in layers],
            "Multiply-adds": [layer.multiply_adds.number for layer in layers],
            "Receptive field": [f"{layer.receptive_field} × {layer.receptive_field}" for layer in layers],
            "Memory": [layer.activation_bytes / 1024 for layer in layers],
        }
    )
    sums = {name: table[name].sum() for name in ("Parameters", "Share", "Multiply-adds", "Memory")}
    total = {name: "" for name in table.columns} | {"Layer": "Total"} | sums
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)
