"""Controls to save one's own transforms and networks under a name, and to load them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.read_only import change_button, explained, guarded, is_read_only
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.saved_configs import NAME_LENGTH, C, Saved, SavedConfigs


def start_from(store: SavedConfigs[C], ready: Mapping[str, C], fill: Callable[[C], None], placeholder: str) -> None:
    """Draw the list of configs to start from: ready-made and saved ones. `fill` receives the chosen one."""
    presets = {**ready, **{saved.name: saved.config for saved in store.all()}}
    key = f"{store.word}_preset"

    def take() -> None:
        fill(presets[st.session_state[key]])
        st.session_state[key] = None

    st.selectbox(
        "Start from",
        list(presets),
        index=None,
        key=key,
        placeholder=placeholder,
        on_change=take,
        help=f"Sets all that is below at once. Change what you like afterwards: what you started from, or the saved "
        f"{store.word}, stays as it is.",
    )


def keep(store: SavedConfigs[C], config: C, summary: Callable[[C], str], fill: Callable[[C], None], hint: str) -> None:
    """Draw the controls to save this config, and to load, rename and delete saved ones. `hint` is a sample name."""
    kept, word = store.all(), store.word
    problem, deleted = f"{word}_problem", f"{word}_deleted"

    def save() -> None:
        if _tried(problem, lambda: store.save(st.session_state[f"{word}_name"], config)):
            st.session_state[f"{word}_name"] = ""

    with st.popover(f"Saved ({len(kept)})", icon=":material/bookmark:", type="tertiary", help=f"Your own {word}s."):
        st.text_input(
            "Name",
            key=f"{word}_name",
            persist_state="session",
            placeholder=f"such as: {hint}",
            help=f"What the Training page and the list above will call it, in up to {NAME_LENGTH} characters.",
        )
        change_button("Save", icon=":material/save:", key=f"{word}_save", on_click=save)
        if problem in st.session_state:
            show_error(st.session_state.pop(problem))
        if deleted in st.session_state:
            change_button(
                "Undo the deletion", icon=":material/undo:", on_click=_restore, args=(store, problem, deleted)
            )
        for saved in kept:
            _entry(store, saved, summary(saved.config), fill)


def _entry(store: SavedConfigs[C], saved: Saved[C], words: str, fill: Callable[[C], None]) -> None:
    word = store.word
    with st.container(border=True):
        st.caption(f"**{as_plain_text(saved.name)}** · {as_plain_text(words)}")
        key = f"{word}_rename_{saved.id}"
        st.text_input(
            "New name",
            saved.name,
            key=key,
            persist_state="session",
            label_visibility="collapsed",
            on_change=guarded(_rename),
            args=(store, saved.id, key),
            disabled=is_read_only(),
            help=explained(f"Another name for it, of up to {NAME_LENGTH} characters. Press Enter to save."),
        )
        with st.container(horizontal=True):
            st.button("Load", key=f"{word}_load_{saved.id}", on_click=fill, args=(saved.config,))
            change_button("Delete", key=f"{word}_delete_{saved.id}", on_click=_delete, args=(store, saved.id))


def _rename(store: SavedConfigs[C], number: int, key: str) -> None:
    _tried(f"{store.word}_problem", lambda: store.rename(number, st.session_state[key]))


def _delete(store: SavedConfigs[C], number: int) -> None:
    if _tried(f"{store.word}_problem", lambda: store.delete(number)):
        st.session_state[f"{store.word}_deleted"] = number


def _restore(store: SavedConfigs[C], problem: str, deleted: str) -> None:
    # If it fails, the button stays: once the name is free, it can be pressed again.
    if _tried(problem, lambda: store.restore(st.session_state[deleted])):
        del st.session_state[deleted]


def _tried(problem: str, action: Callable[[], object]) -> bool:
    """Run `action` and return True if it succeeded; if not, the page shows the error when it is next drawn."""
    try:
        action()
    except DigitsError as error:
        st.session_state[problem] = error
        return False
    return True
