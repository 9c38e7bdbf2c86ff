"""A link to the page in its current state, with hidden controls or read-only; in the sidebar, on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from digits_core.dashboard import hiding, presenter, read_only
from digits_core.dashboard.folds import popover
from digits_core.dashboard.pages import current_page

Query = Mapping[str, Sequence[str]]
OF_A_LINK = (hiding.PARAMETER, read_only.PARAMETER, presenter.PARAMETER)
"""The parameters that belong to a link rather than to what the page shows."""


def offer_link() -> None:
    """Draw the popover for a link to this page, and the button for presenter mode, into the sidebar."""
    with st.sidebar, st.container(horizontal=True, gap="xsmall", key="page_link"):
        popover(
            "Link",
            "share_page",
            _draw,
            icon=":material/link:",
            help_text="This page as it is now, as a link: with fewer controls, or read-only.",
        )
        presenter.offer()


def _draw() -> None:
    st.markdown("**This page as a link**")
    now = {name: st.query_params.get_all(name) for name in st.query_params if name not in OF_A_LINK}
    show_link(now, "page")


def show_link(query: Query, key: str) -> None:
    """Draw the URL of this page with `query`, and the choice of what it hides and if it is read-only.

    `key` distinguishes several of them.
    """
    titles = hiding.groups()
    hide = st.multiselect(
        "Hide in the link",
        list(titles),
        key=f"hide_in_link_{key}",
        format_func=lambda name: titles.get(name, name),
        placeholder="nothing: all controls are shown",
        persist_state="session",
        help="For a lesson: the link shows only what the lesson is about. Hidden controls keep the values that "
        "they have here.",
    )
    reads = st.checkbox(
        "Read-only",
        key=f"read_only_link_{key}",
        persist_state="session",
        help=f"{read_only.MEANING} For a class that shares an app: it prevents mistakes, and protects nothing from "
        "people who change the link.",
    )
    st.code(link_to(query, hide, reads), language=None, wrap_lines=True)


def link_to(query: Query, hide: Sequence[str] = (), reads: bool = False) -> str:
    """Return the URL of this page with `query`, without the controls in `hide`; `reads` makes it read-only."""
    said = dict(query)
    if hide:
        said[hiding.PARAMETER] = [",".join(hide)]
    if reads:
        said[read_only.PARAMETER] = ["1"]
    base = urlsplit(st.context.url or f"/{current_page()}")
    # The path of the front page is empty if the browser names its URL.
    return urlunsplit(base._replace(path=base.path or "/", query=urlencode(said, doseq=True, safe=","), fragment=""))
