"""Network: read ImprovedNet layer by layer, and see every number on its way."""

import streamlit as st

from digits_core.dashboard.network import feature_maps, filters, layers, samples, source, worked_example
from digits_core.dashboard.pages import next_step

VIEWS = {
    "Layers": layers.show,
    "By hand": worked_example.show,
    "Filters": filters.show,
    "Feature maps": feature_maps.show,
    "Samples": samples.show,
    "Source": source.show,
}

st.title("Network")
st.write("Read ImprovedNet, the lecture's network: what each layer costs, what it computes, and what it has learnt.")
view = st.segmented_control(
    "View", list(VIEWS), default="Layers", required=True, key="look", bind="query-params",
    help="**Layers**: shapes, parameters and costs. **By hand**: one number of a layer, product by product. "
    "**Filters**: the weights. **Feature maps**: what each layer makes of an image. **Samples**: how the digits come "
    "apart from layer to layer. **Source**: the network as PyTorch code.",
)  # fmt: skip
with st.spinner("Loading PyTorch …"):
    import digits_core.network.activations  # noqa: F401 - the first import takes seconds, and every view needs it
VIEWS[view]()
next_step("network")
