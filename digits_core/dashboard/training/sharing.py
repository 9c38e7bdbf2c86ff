"""The config of the form as JSON to copy and paste, and as a link; a teacher can hide what a lesson is not about."""

from __future__ import annotations

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.folds import popover
from digits_core.dashboard.page_link import show_link
from digits_core.dashboard.training.form import check_known, fill
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.training.config_fields import to_query


def offer_sharing(config: RunConfig | None) -> None:
    """Draw the link to this form, its JSON, and a field to paste another; `config` is `None` if the form is invalid."""
    popover(
        "Copy, paste, send",
        "share_settings",
        lambda: _draw_sharing(config),
        icon=":material/share:",
        width="stretch",
        help_text="These settings as a link or as text, and a place to paste others.",
    )


def _draw_sharing(config: RunConfig | None) -> None:
    if config is None:
        st.caption("Fix the errors in the form first: these settings cannot be shared.")
    else:
        st.markdown("**As a link**")
        show_link(to_query(config), "settings")
        st.markdown("**As JSON**")
        st.code(config.model_dump_json(indent=2), language="json", height=180)
    _paste()


def _paste() -> None:
    st.text_area(
        "Paste a config",
        key="pasted_config",
        placeholder='{"training": {"epochs": 8}}',
        persist_state="session",
        help="What is not in it is as in the lecture.",
    )
    st.button("Fill the form with it", icon=":material/content_paste_go:", key="use_pasted", on_click=_use_pasted)
    if error := st.session_state.pop("paste_refused", None):
        show_error(error)


def _use_pasted() -> None:
    try:
        fill(check_known(RunConfig.from_json(st.session_state["pasted_config"])))
    except ConfigError as error:
        st.session_state["paste_refused"] = error
