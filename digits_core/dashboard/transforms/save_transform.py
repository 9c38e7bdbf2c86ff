"""What becomes of a transform: training takes it, and it is kept under a name to be taken again."""

from __future__ import annotations

import streamlit as st

from digits_core.config import TransformConfig
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.pages import page
from digits_core.dashboard.state import state
from digits_core.dashboard.transforms.transform_controls import fill
from digits_core.dashboard.transforms.url import as_link
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.training.recipes import LECTURE, ROBUST
from digits_core.transforms.saved import NAME_LENGTH, SavedTransform
from digits_core.transforms.steps import summary

PRESET = "transform_preset"
DELETED = "transform_deleted"
PROBLEM = "transform_problem"


def start_from() -> None:
    """The list of transforms to begin with: those of the recipes, and one's own."""
    presets = {f"{recipe.name} (recipe)": recipe.config.transform for recipe in (LECTURE, ROBUST)}
    presets |= {saved.name: saved.config for saved in state().transforms.all()}
    st.selectbox(
        "Start from",
        list(presets),
        index=None,
        key=PRESET,
        placeholder="a recipe, a saved one",
        on_change=_take,
        args=(presets,),
        help="Sets all steps below at once. Change what you like afterwards: the recipe or the saved transform stays "
        "as it is.",
    )


def use_in_training(config: TransformConfig) -> None:
    """The link that takes this transform along to the Training page, in its address."""
    st.page_link(
        page("training"),
        label="**Use in training**",
        query_params=as_link(config),
        help="Opens the Training page with this transform in its form, in place of the recipe's.",
    )


def keep(config: TransformConfig) -> None:
    """Save this transform; rename and delete those that were saved."""
    kept = state().transforms.all()
    with st.popover(f"Saved ({len(kept)})", icon=":material/bookmark:", type="tertiary", help="Your own transforms."):
        name = st.text_input(
            "Name",
            key="transform_name",
            placeholder="such as: gentle turns",
            help=f"What the Training page and the list above will call it, in up to {NAME_LENGTH} characters.",
        )
        st.button("Save", icon=":material/save:", key="transform_save", on_click=_save, args=(name, config))
        if PROBLEM in st.session_state:
            show_error(st.session_state.pop(PROBLEM))
        if DELETED in st.session_state:
            st.button("Undo the deletion", icon=":material/undo:", on_click=_restore)
        for saved in kept:
            _entry(saved)


def _entry(saved: SavedTransform) -> None:
    with st.container(border=True):
        st.caption(f"**{as_plain_text(saved.name)}** · {summary(saved.config)}")
        key = f"transform_rename_{saved.id}"
        st.text_input(
            "New name",
            saved.name,
            key=key,
            label_visibility="collapsed",
            on_change=_rename,
            args=(saved.id, key),
            help=f"Another name for it, of up to {NAME_LENGTH} characters. Press Enter to save.",
        )
        with st.container(horizontal=True):
            st.button("Load", key=f"transform_load_{saved.id}", on_click=fill, args=(saved.config,))
            st.button("Delete", key=f"transform_delete_{saved.id}", on_click=_delete, args=(saved.id,))


def _take(presets: dict[str, TransformConfig]) -> None:
    fill(presets[st.session_state[PRESET]])
    st.session_state[PRESET] = None


def _save(name: str, config: TransformConfig) -> None:
    try:
        state().transforms.save(name, config)
    except DigitsError as error:
        st.session_state[PROBLEM] = error
    else:
        st.session_state["transform_name"] = ""


def _rename(number: int, key: str) -> None:
    try:
        state().transforms.rename(number, st.session_state[key])
    except DigitsError as error:
        st.session_state[PROBLEM] = error


def _delete(number: int) -> None:
    try:
        state().transforms.delete(number)
    except DigitsError as error:
        st.session_state[PROBLEM] = error
    else:
        st.session_state[DELETED] = number


def _restore() -> None:
    try:
        state().transforms.restore(st.session_state[DELETED])
    except DigitsError as error:
        st.session_state[PROBLEM] = error  # the offer stays: with another name free, it can be taken
    else:
        del st.session_state[DELETED]
