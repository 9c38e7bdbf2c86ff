"""Network: read ImprovedNet layer by layer, and see every number on its way."""

import streamlit as st

from digits_core.dashboard.network import (
    feature_maps,
    filters_view,
    layers_view,
    separation_view,
    source_view,
    worked_example_view,
)
from digits_core.dashboard.pages import page_head

LAYERS = "Layers"
"""The view whose network is chosen in the row of the view: the others are fragments, which draw no further up."""
VIEWS = {
    "By hand": worked_example_view.show,
    "Filters": filters_view.show,
    "Feature maps": feature_maps.show,
    "Samples": separation_view.show,
    "Source": source_view.show,
}

page_head("network")
with st.container(key="main_action"):
    row = st.container(horizontal=True, vertical_alignment="bottom", key="choices_view")
with row:
    view = st.segmented_control(
        "View",
        [LAYERS, *VIEWS],
        default=LAYERS,
        required=True,
        key="look",
        bind="query-params",
        wrap=True,
        help="**Layers**: the network drawn from an image, with shapes, parameters and costs. **By hand**: one number "
        "of a layer, product by product. **Filters**: the weights. **Feature maps**: what each layer makes of an "
        "image. **Samples**: how the digits come apart from layer to layer. **Source**: the network as PyTorch code.",
    )
with st.spinner("Loading PyTorch …"):
    import digits_core.network.activations  # noqa: F401 - the first import takes seconds, and every view needs it
if view == LAYERS:
    layers_view.show(row)
else:
    VIEWS[view]()
