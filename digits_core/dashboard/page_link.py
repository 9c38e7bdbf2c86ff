"""A link to the page as it is: what it hides, whether it is read-only; in the sidebar, on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from digits_core.dashboard import hiding, presenter, read_only
from digits_core.dashboard.folds import popover
from digits_core.dashboard.pages import current_page

Query = Mapping[str, Sequence[str]]
OF_A_LINK = (hiding.PARAMETER, read_only.PARAMETER, presenter.PARAMETER)
"""What a link says of itself rather than of what the page shows."""


def offer_link() -> None:
    """Draw into the sidebar what makes a link to this page, and what shows it on a projector."""
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
    """Draw the address of this page with `query`, and what it hides and forbids; `key` tells several of them apart."""
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
    """Return the address of this page with `query`, without the controls in `hide`; `reads` makes it read-only."""
    said = dict(query)
    if hide:
        said[hiding.PARAMETER] = [",".join(hide)]
    if reads:
        said[read_only.PARAMETER] = ["1"]
    base = urlsplit(st.context.url or f"/{current_page()}")
    # The front's path is empty where the browser says its address.
    return urlunsplit(base._replace(path=base.path or "/", query=urlencode(said, doseq=True, safe=","), fragment=""))
