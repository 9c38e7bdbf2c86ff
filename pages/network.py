"""Network: read ImprovedNet layer by layer."""

import inspect

import pandas as pd
import streamlit as st

from digits_core.config import TrainingConfig, TransformConfig, bounds
from digits_core.dashboard.pages import next_step

st.title("Network")
st.write("Read ImprovedNet, the lecture's network: what each layer does to the image, and what it costs.")

with st.spinner("Loading PyTorch …"):
    from digits_core.network import improved_net
    from digits_core.network.summary import summarise

with st.container(horizontal=True):
    size = st.number_input(
        "Image size", int(bounds(TransformConfig, "size").low), int(bounds(TransformConfig, "size").high), 28, step=2,
        key="size", bind="query-params", width=160,
        help="Height and width of the input in pixels. Convolutions take any; the first connected layer does not.",
    )  # fmt: skip
    dropout = st.number_input(
        "Dropout", 0.0, 0.95, TrainingConfig().dropout, step=0.05, key="dropout", bind="query-params", width=160,
        help="The share of activations that training switches off at random. It adds no parameters.",
    )  # fmt: skip

layers = summarise(improved_net.ImprovedNet(size, dropout))
parameters = sum(layer.parameters for layer in layers)
flattened = next(layer.input_shape[0] for layer in layers if layer.name == "fc1")
with st.container(horizontal=True):
    st.metric("Parameters", f"{parameters:,}", border=True, help="Numbers that training changes.")
    st.metric(
        "Multiply-adds", f"{sum(layer.multiply_adds for layer in layers):,}", border=True,
        help="Multiplications with an addition that one image takes.",
    )  # fmt: skip
    st.metric("Flattened size", f"{flattened:,}", border=True, help="Numbers that the last pooling hands to fc1.")

table = pd.DataFrame(
    {
        "Layer": [layer.name for layer in layers],
        "Kind": [layer.kind for layer in layers],
        "Kernel": [layer.kernel for layer in layers],
        "Stride": [layer.stride for layer in layers],
        "Padding": [layer.padding for layer in layers],
        "Output shape": [" × ".join(map(str, layer.output_shape)) for layer in layers],
        "Parameters": [layer.parameters for layer in layers],
        "Formula": [layer.formula for layer in layers],
        "Share": [layer.parameters / parameters for layer in layers],
        "Multiply-adds": [layer.multiply_adds for layer in layers],
        "Receptive field": [f"{layer.receptive_field} × {layer.receptive_field}" for layer in layers],
    }
)
st.dataframe(
    table,
    hide_index=True,
    alt="The layers of ImprovedNet with their shapes, parameters and costs",
    column_config={
        "Parameters": st.column_config.NumberColumn(format="localized", help="Weights and biases."),
        "Multiply-adds": st.column_config.NumberColumn(format="localized"),
        "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, help="Of all parameters."),
        "Receptive field": st.column_config.TextColumn(help="What one output can see of the image, in pixels."),
    },
)
st.caption("After fc1 and fc2 come ReLU and dropout, after each convolution ReLU; they have no parameters.")
with st.expander("The network in PyTorch"):
    st.code(inspect.getsource(improved_net.ImprovedNet), language="python")
next_step("network")
