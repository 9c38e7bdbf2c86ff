"""How the tables of layers show their columns."""

from __future__ import annotations

import streamlit as st

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
