"""The config of the form as JSON to copy and paste, and as a link; a teacher's link hides what is not the lesson's."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.folds import popover
from digits_core.dashboard.training.form import HIDEABLE, HIDEABLE_FIELDS, check_known, fill, show_all
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.settings import title_of
from digits_core.training.config_fields import to_query

HIDEABLE_TITLES = {
    "start": "Recipe and earlier runs (start)",
    "data": "Datasets (data)",
    "more": "More settings (more)",
    "share": "Copy, paste, send (share)",
}


def offer_sharing(config: RunConfig | None) -> None:
    """The link to this form, its JSON, and a place to paste another; `None` where the form is refused as it stands."""
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
        _show_link(config)
        st.markdown("**As JSON**")
        st.code(config.model_dump_json(indent=2), language="json", height=180)
    _paste()


def offer_hidden() -> None:
    """Where a link has hidden controls: says so, and shows them again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("The link that you followed hides some settings.", width="stretch")
        st.button("Show all", icon=":material/visibility:", key="show_all", on_click=show_all)


def link_to(config: RunConfig, hide: list[str]) -> str:
    """The address that opens the form as it is, without the controls in `hide`."""
    query = to_query(config) | ({"hide": [",".join(hide)]} if hide else {})
    base = (st.context.url or "/training").split("?")[0]
    return f"{base}?{urlencode(query, doseq=True, safe=',')}"


def _show_link(config: RunConfig) -> None:
    st.markdown("**As a link**")
    hide = st.multiselect(
        "Hide in the link",
        [*HIDEABLE, *(name for name in HIDEABLE_FIELDS if name not in HIDEABLE)],
        key="share_hide",
        format_func=lambda name: HIDEABLE_TITLES.get(name, title_of(name)),
        placeholder="nothing: all settings are shown",
        persist_state="session",
        help="For a lesson: whoever follows the link sees only the settings that it is about. The hidden ones keep the "
        "values that they have here.",
    )
    st.code(link_to(config, hide), language=None, wrap_lines=True)


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
