"""The transform of a training: that of its recipe, a saved one, or one from the Transforms page."""

from __future__ import annotations

import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.pages import link
from digits_core.dashboard.set_controls import control_key, set_control, when_changed
from digits_core.dashboard.state import state
from digits_core.dashboard.transforms.url import as_link
from digits_core.training.recipes import Recipe
from digits_core.transforms.steps import summary

CONTROL = "training_transform"


def choose_transform(key: str, recipe: Recipe) -> None:
    """Draw the control of the training form; the transform itself is in the session state under `key`."""
    titles, configs = {"recipe": "The recipe's"}, {"recipe": recipe.config.transform}
    for saved in state().transforms.all():
        titles[f"saved-{saved.id}"], configs[f"saved-{saved.id}"] = saved.name, saved.config
    current: TransformConfig = st.session_state[key]
    if current not in configs.values():
        titles["custom"], configs["custom"] = "Custom", current
    # The choice follows from the transform, whether a recipe, a link, a hint or this control has set it.
    set_control(CONTROL, next(name for name, config in configs.items() if config == current))

    def take(config: TransformConfig) -> None:
        st.session_state[key] = config

    st.selectbox(
        "Transform",
        list(titles),
        format_func=lambda name: titles.get(name, name),
        key=control_key(CONTROL),
        on_change=when_changed(CONTROL, lambda name: take(configs[name])),
        help="The way of each image to the network: the recipe's, one that you saved, or the one that you made on the "
        "Transforms page. Random steps are taken in training alone.",
    )
    st.caption(as_plain_text(summary(current)))
    link("transforms", "Change it under Transforms", **as_link(current))
