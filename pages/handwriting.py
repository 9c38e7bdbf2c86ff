"""Handwriting: collect your own digits, to train on and to test on."""

import streamlit as st

from digits_core.dashboard.handwriting import browse, draw_view, pictures_view, sheet_view, writers
from digits_core.dashboard.hiding import group, is_hidden
from digits_core.dashboard.pages import link, page_head
from digits_core.dashboard.state import state

WAYS = {
    "Draw": draw_view.show,
    "Pictures": pictures_view.show,
    "Sheet": sheet_view.show,
    "Your digits": browse.show,
    "Writers": writers.show,
}

HIDEABLE = {
    "way": "Input methods",
    "writer": "Choice of the writer",
    "export": "Export and import",
    "train": "Link to Training",
}

page_head("handwriting", hideable=HIDEABLE)
state().load_torch()
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with group("way"):
        way = st.segmented_control(
            "Input method",
            list(WAYS),
            default="Draw",
            required=True,
            key="way",
            bind="query-params",
            persist_state="session",
            wrap=True,
            help="Draw digits here, upload pictures of one digit each, or a photo of a whole sheet of them.",
        )
    if not is_hidden("train"):
        link("training", "Train with it", recipe="Lecture + my handwriting")
WAYS[way]()
