"""Network: read ImprovedNet layer by layer, and see every number on its way."""

import streamlit as st

from digits_core.dashboard.hiding import group
from digits_core.dashboard.network import (
    build_view,
    built,
    feature_maps,
    filters_view,
    layers_view,
    separation_view,
    source_view,
    units_view,
    worked_example_view,
)
from digits_core.dashboard.pages import page_head

IN_ROW = {"Layers": layers_view.show, "Build": build_view.show}
"""The views that also draw into the row of the view; the others are fragments, which cannot draw above themselves."""
VIEWS = {
    "By hand": worked_example_view.show,
    "Filters": filters_view.show,
    "Feature maps": feature_maps.show,
    "Units": units_view.show,
    "Samples": separation_view.show,
    "Source": source_view.show,
}
HIDEABLE = {
    "view": "Views",
    "weights": "Choice of the weights",
    "image": "Choice of the image",
    "layers": "Table of all layers",
    "use": "Use in training, saved networks",
}

page_head("network", hideable=HIDEABLE)
built.take_from_url()
with st.container(key="main_action"):
    row = st.container(horizontal=True, vertical_alignment="bottom", key="choices_view")
with row, group("view"):
    view = st.segmented_control(
        "View",
        [*IN_ROW, *VIEWS],
        default="Layers",
        required=True,
        key="look",
        bind="query-params",
        persist_state="session",
        wrap=True,
        help="**Layers**: the network drawn from an image, with shapes, parameters and costs. **Build**: another "
        "network, layer by layer. **By hand**: one number of a layer, product by product. **Filters**: the weights. "
        "**Feature maps**: what each layer makes of an image. **Samples**: how the digits come apart from layer to "
        "layer. **Units**: what excites one, and what is lost without it. **Source**: the network as PyTorch code.",
    )
with st.spinner("Loading PyTorch …"):
    import digits_core.network.activations  # noqa: F401 - the first import takes seconds, and every view needs it
if view in IN_ROW:
    IN_ROW[view](row)
else:
    VIEWS[view]()
