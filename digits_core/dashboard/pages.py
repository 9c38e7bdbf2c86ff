"""The pages in the order of the flow, and links between them."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

FOLDER = Path(__file__).resolve().parents[2] / "pages"
_CURRENT = "current_page"


@dataclass(frozen=True)
class PageEntry:
    """One page of the app: its file, its name in the menu, its material icon and its place in the URL."""

    file: Path
    title: str
    icon: str
    url_path: str


PAGES: dict[str, PageEntry] = {
    "data": PageEntry(FOLDER / "data.py", "Data", ":material/dataset:", ""),
    "handwriting": PageEntry(FOLDER / "handwriting.py", "Handwriting", ":material/draw:", "handwriting"),
    "transforms": PageEntry(FOLDER / "transforms.py", "Transforms", ":material/transform:", "transforms"),
    "network": PageEntry(FOLDER / "network.py", "Network", ":material/account_tree:", "network"),
    "training": PageEntry(FOLDER / "training.py", "Training", ":material/model_training:", "training"),
    "runs": PageEntry(FOLDER / "runs.py", "Runs", ":material/compare_arrows:", "runs"),
    "recognise": PageEntry(FOLDER / "recognise.py", "Recognise", ":material/center_focus_strong:", "recognise"),
}


def page(name: str) -> st.Page:
    """The Streamlit page called `name`, for `st.navigation`, `st.page_link` and `st.switch_page`."""
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
    """Remember which page is shown now, for what concerns that page alone."""
    st.session_state[_CURRENT] = url_path


def current_page() -> str:
    """Return the place in the URL of the page that is shown; "" for the front."""
    return st.session_state.get(_CURRENT, "")


def front_route() -> Route:
    """Leads from `/data`, which people type as they type `/training`, to the front, where that page is."""
    front = next(name for name, entry in PAGES.items() if not entry.url_path)
    return Route(f"/{front}", _to_front)


async def _to_front(request: Request) -> RedirectResponse:
    # Relative, because the app may be served below a path of its own.
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")


def following(name: str) -> str | None:
    """The name of the page that comes after `name` in the flow, `None` after the last one."""
    names = list(PAGES)
    after = names.index(name) + 1
    return names[after] if after < len(names) else None


def link(name: str, label: str | None = None, **query: str) -> None:
    """Draw a link to the page called `name`; `query` goes into its URL, as in `link("runs", run="a1b2")`."""
    st.page_link(page(name), label=label, query_params=query or None)


def next_step(name: str) -> None:
    """Draw the link from the page called `name` to the next page of the flow; nothing on the last page."""
    after = following(name)
    if after is not None:
        st.divider()
        label = f":primary[Next: **{PAGES[after].title}**]"
        st.page_link(page(after), label=label, icon=":material/arrow_forward:", icon_position="right")
