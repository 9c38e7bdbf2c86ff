"""Transforms: every step on an image's way to the network."""

import streamlit as st

from digits_core.dashboard.hiding import group, is_hidden
from digits_core.dashboard.pages import page_head
from digits_core.dashboard.state import state
from digits_core.dashboard.transforms.code_view import Source, choose_source
from digits_core.dashboard.transforms.save_transform import keep, start_from, use_in_training
from digits_core.dashboard.transforms.transform_controls import add_step, choose_steps, take_from_url
from digits_core.dashboard.transforms.transform_views import VIEWS, choose_draw, choose_view, with_numbers
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError

HIDEABLE = {
    "image": "Choice of the image",
    "view": "Views",
    "add": "Start from, add a step, random draw",
    "steps": "Steps and their settings",
    "use": "Use in training, saved transforms",
}


def headline(source: Source, view: str) -> str:
    """Return the headline of the picture below."""
    return {
        "Steps": f"{source.words.capitalize()}: the {'training' if source.split == 'train' else 'test'} transform",
        "Variants": f"What training makes of {source.words}",
        "Mean images": "What becomes of the dataset as a whole",
        "Code": "The same in plain torchvision",
    }[view]


def show(source: Source) -> None:
    """Draw the steps on the left, and what they do on the right."""
    take_from_url()
    with (
        st.container(key="main_action"),
        st.container(horizontal=True, vertical_alignment="bottom", key="choices_view"),
    ):
        with group("view"):
            view = choose_view()
        with group("add"):
            start_from()
            add_step()
            seed = choose_draw()
    with st.container(key="steps_and_view"):  # on a narrow screen the view is above the many steps
        left, right = st.columns([5, 12], gap="medium")
    with left, group("steps"), st.container(gap="xsmall", key="step_controls"):
        config = choose_steps()
    with right:
        with st.container(horizontal=True, vertical_alignment="center", key="transform_head"):
            st.subheader(headline(source, view), width="stretch", anchor=False)
            if not is_hidden("use"):
                use_in_training(config)
                keep(config)
        # Not before the controls are drawn: torchvision takes seconds to import, once.
        with st.spinner("Loading PyTorch …", show_time=False):
            import digits_core.transforms.preview  # noqa: F401
        try:
            VIEWS[view](source, with_numbers(config, source.digits), seed)
        except DigitsError as error:
            show_error(error)


page_head("transforms", hideable=HIDEABLE)
state().load_torch()
with group("image"):
    source = choose_source()
if source:
    show(source)
