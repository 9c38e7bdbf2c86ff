"""Layers of a foreign network, traced without its code."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.network.choices import choose_image
from digits_core.dashboard.network.diagram import show_diagram
from digits_core.dashboard.network.layer_columns import COLUMNS
from digits_core.dashboard.network.network_choice import Subject, activations_of, any_network_of

OWN_COLUMNS = {
    "Layer": st.column_config.TextColumn(pinned=True, help="By the name that it has in its own source."),
    "Reads": st.column_config.TextColumn(help="The layers before it; several where branches come together."),
    "Output shape": st.column_config.TextColumn(help="For one image."),
    "Then": st.column_config.TextColumn(help="What follows before the next layer, in PyTorch's words."),
}
"""Columns with other help texts for a traced network."""


MOST_DRAWN = 200_000
"""Numbers in a diagram: a browser draws each of them."""


def show(subject: Subject) -> None:
    """Draw the diagram of the network for an image, the totals and the table of layers."""
    image = choose_image()
    network = any_network_of(subject)
    layers = network.layers
    drawn = sum(layer.activations for layer in layers)
    with st.container(key="main_picture"):
        if drawn > MOST_DRAWN:
            st.caption(f"Its layers put out {drawn:,} numbers for an image, too many for a diagram.")
        elif image is not None:
            words = f"image {image.index:,} of {image.dataset}, a {image.label}"
            found = activations_of(subject, image.pixels)
            show_diagram(network.layers, found, st.session_state.get("traced_layer", ""), words, _press)
    total = sum(layer.parameters.number for layer in layers)
    with st.container(horizontal=True):
        st.metric("Parameters", f"{total:,}", border=True, help="Numbers that training changes.")
        work = sum(layer.multiply_adds.number for layer in layers)
        st.metric("Multiply-adds", f"{work:,}", border=True, help="Multiplications with an addition for one image.")
        numbers = sum(layer.activations for layer in layers)
        st.metric("Activations", f"{numbers:,}", border=True, help="Numbers that all layers put out for one image.")
    rows = [
        {
            "Layer": layer.name,
            "Kind": layer.kind if isinstance(layer.kind, str) else layer.kind.title,
            "Reads": ", ".join(getattr(layer, "reads", ())),
            "Output shape": " × ".join(map(str, layer.output_shape)),
            "Then": layer.then,
            "Parameters": layer.parameters.number,
            "Share": layer.parameters.number / total if total else 0.0,
            "Multiply-adds": layer.multiply_adds.number,
            "Memory": layer.activation_bytes / 1024,
        }
        for layer in layers
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", column_config=COLUMNS | OWN_COLUMNS, alt="The layers"
    )
    st.caption(
        f"The network of {as_plain_text(subject.title)} was traced where it was trained: its operations and weights "
        "are here, its code is not. **Feature maps** shows what each layer makes of an image; the other views read "
        "networks of the app's own layers."
    )


def _press(layer: str, _unit: int | None) -> None:
    """Mark the layer that was pressed."""
    st.session_state["traced_layer"] = layer
