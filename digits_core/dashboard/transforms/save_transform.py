"""What to do with a transform: train with it, or save it under a name to load it again."""

from __future__ import annotations

import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard import saved_configs_view
from digits_core.dashboard.pages import page
from digits_core.dashboard.state import state
from digits_core.dashboard.transforms.transform_controls import fill
from digits_core.dashboard.transforms.url import as_link
from digits_core.training.recipes import LECTURE, ROBUST
from digits_core.transforms.steps import summary


def start_from() -> None:
    """Draw the list of transforms to start from: those of recipes and saved ones."""
    ready = {f"{recipe.name} (recipe)": recipe.config.transform for recipe in (LECTURE, ROBUST)}
    saved_configs_view.start_from(state().transforms, ready, fill, "a recipe, a saved one")


def use_in_training(config: TransformConfig) -> None:
    """Draw the link that opens the Training page with this transform, passed in the URL."""
    st.page_link(
        page("training"),
        label="**Use in training**",
        query_params=as_link(config),
        help="Opens the Training page with this transform in its form, in place of the recipe's.",
    )


def keep(config: TransformConfig) -> None:
    """Draw the controls to save this transform, and to rename and delete saved ones."""
    saved_configs_view.keep(state().transforms, config, summary, fill, "gentle turns")
