"""Layers: the diagram for one image, the shape and cost of one layer explained, and the table of all layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from digits_core.config import RunConfig
from digits_core.dashboard.hiding import is_hidden
from digits_core.dashboard.network import traced_view
from digits_core.dashboard.network.choices import (
    choose_dropout,
    choose_image,
    choose_size,
    choose_subject,
    look_by_hand,
    say_untrained,
)
from digits_core.dashboard.network.diagram import show_diagram
from digits_core.dashboard.network.facts import show_facts
from digits_core.dashboard.network.layer_columns import COLUMNS
from digits_core.dashboard.network.network_choice import Subject, activations_of, layers_of
from digits_core.dashboard.state import state
from digits_core.layers.placed import parameter_count

if TYPE_CHECKING:
    import pandas as pd

    from digits_core.layers.base import Count
    from digits_core.layers.placed import Layer


def show(row: DeltaGenerator) -> None:
    """Draw the view; the controls that choose the network are in `row`."""
    with row:
        subject = choose_subject(traced=True)
    if subject.traced:
        traced_view.show(subject)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="choices_image"):
        image = choose_image()
        layers = layers_of(subject.config)
        layer = _choose_layer(layers)
    say_untrained()
    if image is not None:
        words = f"image {image.index:,} of {image.dataset}, a {image.label}"
        with st.container(key="main_picture"):
            show_diagram(layers, activations_of(subject, image.pixels), layer.name, words, _pressed)
    _explain(layer)
    if not is_hidden("layers"):
        _all_layers(subject)


def _choose_layer(layers: Sequence[Layer]) -> Layer:
    names = [layer.name for layer in layers]
    name = st.segmented_control(
        "Layer",
        names,
        default=names[0],
        required=True,
        key="layer",
        bind="query-params",
        persist_state="session",
        help="The layer that is explained below the diagram; its name in the diagram chooses it as well. A click on a "
        "map or a unit there works one of its numbers out by hand.",
    )
    return layers[names.index(name)]


def _pressed(layer: str, unit: int | None) -> None:
    """Explain the layer that was pressed, or work one of its maps or units out by hand."""
    if unit is None:
        st.session_state["layer"] = layer
    else:
        look_by_hand(layer, unit)


def _all_layers(subject: Subject) -> None:
    """Draw the totals and the table of all layers, also for another image size; nothing while collapsed."""
    with st.expander(
        "All layers, and what another image size would cost", key="all_layers", on_change="rerun", bind="query-params"
    ) as part:
        if not part.open:
            return
        with st.container(horizontal=True):
            # Without a run, the size is chosen above.
            size = choose_size() if state().runs.usable() else subject.size
            dropout = choose_dropout()
        config = subject.config.replace(
            transform=subject.config.transform.replace(size=size),
            training=subject.config.training.replace(dropout=dropout),
        )
        layers, lecture = layers_of(config), layers_of(RunConfig())
        _totals(layers, lecture)
        st.dataframe(
            _table(layers),
            hide_index=True,
            column_config=COLUMNS,
            alt="The layers of the network with their shapes, parameters and costs",
        )
        st.caption("The last row has the totals. Parameters and multiply-adds are those that PyTorch itself counts.")


def _totals(layers: Sequence[Layer], lecture: Sequence[Layer]) -> None:
    """Draw the totals, each with its difference from the lecture's network."""
    figures = {
        "Parameters": ("Numbers that training changes.", lambda all_: parameter_count(all_)),
        "Multiply-adds": (
            "Multiplications with an addition that one image takes.",
            lambda all_: sum(layer.multiply_adds.number for layer in all_),
        ),
        "Flattened size": (
            "Numbers that reach the first fully connected layer: maps · height · width. They follow from the image "
            "size.",
            lambda all_: next(math.prod(layer.input_shape) for layer in all_ if layer.kind.flattens),
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


def _explain(layer: Layer) -> None:
    """Explain one layer in words, figures and formulas."""
    kind = layer.kind
    kernel, stride, border = _window(layer)
    facts = [
        ("Kernel", kernel, f"stride {stride}, padding {border}" if kind.window else _reach(layer)),
        ("Output shape", " × ".join(map(str, layer.output_shape)), _side(layer)),
        _counted("Parameters", layer.parameters, "nothing to learn"),
        _counted("Multiply-adds", layer.multiply_adds, "none"),
        ("Receptive field", f"{layer.receptive_field} × {layer.receptive_field}", "pixels that one output can see"),
        ("Memory", f"{layer.activation_bytes / 1024:,.1f} KiB", f"{layer.activations:,} numbers of 4 bytes"),
    ]
    if layer.dropout is not None:
        off = f"in training about {layer.activations * layer.dropout:.0f} of {layer.activations} units are off"
        facts.append(("Dropout", f"{layer.dropout:g}", off))
    show_facts(facts)
    st.caption(f"**{layer.name}: {kind.title}**{', then ' + layer.then if layer.then else ''}. {kind.words}")


def _window(layer: Layer) -> tuple[str, str, str]:
    """Format the kernel side, the stride and the padding of a layer for a table; dashes without a window."""
    if layer.kind.window is None:
        return "–", "–", "–"
    kernel, stride, border = layer.kind.window
    return f"{kernel} × {kernel}", f"{stride}", f"{border}"


def _reach(layer: Layer) -> str:
    return "reads all numbers" if layer.kind.flattens else "reads each number by itself"


def _side(layer: Layer) -> str:
    if len(layer.output_shape) == 1:
        return "units"
    side = f"; side {layer.side_formula}" if layer.side_formula != "–" else ""
    return f"maps × height × width{side}"


def _counted(name: str, count: Count, nothing: str) -> tuple[str, str, str]:
    return name, f"{count.number:,}", count.formula if count.number else nothing


def _table(layers: Sequence[Layer]) -> pd.DataFrame:
    import pandas as pd  # takes a third of a second: not before the diagram

    parameters = parameter_count(layers)
    table = pd.DataFrame(
        {
            "Layer": [layer.name for layer in layers],
            "Kind": [layer.kind.title for layer in layers],
            "Kernel": [_window(layer)[0].replace(" ", "") for layer in layers],
            "Stride": [_window(layer)[1] for layer in layers],
            "Padding": [_window(layer)[2] for layer in layers],
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
