"""The pages in the order of the flow, and links between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from digits_core.app_folder import APP_FOLDER
from digits_core.dashboard import hiding
from digits_core.dashboard.app_address import served_at
from digits_core.dashboard.read_only import MEANING, is_read_only

FOLDER = APP_FOLDER / "pages"
_CURRENT = "current_page"


@dataclass(frozen=True)
class PageEntry:
    """One page of the app: its file, its name in the menu, its icon, its path in the URL, and its purpose."""

    file: Path
    title: str
    icon: str
    url_path: str
    purpose: str


def _entry(name: str, title: str, icon: str, purpose: str, url_path: str | None = None) -> PageEntry:
    path = name if url_path is None else url_path
    return PageEntry(FOLDER / f"{name}.py", title, f":material/{icon}:", path, purpose)


PAGES: dict[str, PageEntry] = {
    "lessons": _entry("lessons", "Lessons", "school", "Learn step by step: predict, run it, explain what you saw."),
    "data": _entry(
        "data", "Data", "dataset", "How many digits there are, how they vary and which are missing.", url_path=""
    ),
    "handwriting": _entry(
        "handwriting",
        "Handwriting",
        "draw",
        "Collect your own digits, to train on and to test how well a network reads your hand.",
    ),
    "transforms": _entry(
        "transforms", "Transforms", "transform", "Follow one image through the steps that training runs."
    ),
    "network": _entry(
        "network",
        "Network",
        "account_tree",
        "Build a network; see what each of its layers costs, computes and has learnt.",
    ),
    "training": _entry(
        "training", "Training", "model_training", "Train a network and watch loss and accuracy change, epoch by epoch."
    ),
    "runs": _entry(
        "runs", "Runs", "compare_arrows", "Compare trainings: which settings gave which accuracy, and how fast."
    ),
    "recognise": _entry(
        "recognise",
        "Recognise",
        "center_focus_strong",
        "Draw a digit or upload a picture, and see what a trained network reads.",
    ),
}


def page(name: str) -> st.Page:
    """Return the Streamlit page called `name`, for `st.navigation`, `st.page_link` and `st.switch_page`."""
    entry = PAGES[name]
    return st.Page(
        entry.file,
        title=entry.title,
        icon=entry.icon,
        # Streamlit gives the empty path to the default page and to no other.
        url_path=entry.url_path or None,
        default=not entry.url_path,
    )


def note_page(url_path: str) -> None:
    """Remember which page is shown now, for features that concern that page only."""
    st.session_state[_CURRENT] = url_path


def current_page() -> str:
    """Return the URL path of the current page; "" for the front page."""
    return st.session_state.get(_CURRENT, "")


def front_route() -> Route:
    """Redirect `/data`, which people type by analogy with `/training`, to the front page, where that page is."""
    front = next(name for name, entry in PAGES.items() if not entry.url_path)
    return Route(served_at(f"/{front}"), _to_front)


async def _to_front(request: Request) -> RedirectResponse:
    # Relative, because the app may be served below a path of its own.
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")


def following(name: str) -> str | None:
    """Return the name of the page after `name` in the flow; `None` after the last one."""
    names = list(PAGES)
    after = names.index(name) + 1
    return names[after] if after < len(names) else None


def link(name: str, label: str | None = None, **query: str) -> None:
    """Draw a link to the page called `name`; `query` goes into its URL, as in `link("runs", run="a1b2")`."""
    st.page_link(page(name), label=label, query_params=query or None)


def page_head(name: str, offer: Callable[[], None] | None = None, *, hideable: Mapping[str, str] | None = None) -> None:
    """Draw the head of the page called `name` in one row: its title, what it is for, what `offer` draws, and a link to
    the next page.

    `hideable`: the groups of controls that a link to the page can hide, with their titles. A line below says what the
    current link hides, and if it is read-only.
    """
    hiding.declare(name, hideable or {})
    after = following(name)
    with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
        st.title(PAGES[name].title, width="content", anchor=False)
        st.markdown(PAGES[name].purpose, width="stretch")
        if offer is not None:
            offer()
        if after is not None:
            label = f"Next: **{PAGES[after].title}**"
            st.page_link(
                page(after), label=label, icon=":material/arrow_forward:", icon_position="right", width="content"
            )
    _say_what_the_link_does()


def _say_what_the_link_does() -> None:
    hides, read_only = bool(hiding.hidden()), is_read_only()
    if not (hides or read_only):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="link_notes"):
        if read_only:
            st.caption(f":material/lock: {MEANING}", width="content")
        if hides:
            st.caption("The link that you followed hides some controls.", width="content")
            st.button(
                "Show all", icon=":material/visibility:", type="tertiary", key="show_all", on_click=hiding.show_all
            )
