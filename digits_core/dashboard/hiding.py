"""Links that hide controls: `hide=view,dataset` omits those that a lesson is not about, on every page.

A page names its groups of controls when it draws its head; `group` marks where they are drawn. Hidden controls still
run, so that they keep the values that the link gave them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

PARAMETER = "hide"
_PAGE, _GROUPS = "hiding_page", "hiding_groups"


def declare(page: str, groups: Mapping[str, str]) -> None:
    """Declare the groups of controls of the page called `page`: their names in a link, and their titles.

    The groups that a link to the page hides are kept in the session, and in the URL while the page is open.
    """
    st.session_state[_PAGE], st.session_state[_GROUPS] = page, dict(groups)
    if (names := hidden()) and PARAMETER not in st.query_params:
        st.query_params[PARAMETER] = ",".join(names)


def groups() -> dict[str, str]:
    """Return the groups that the current page has declared, with their titles."""
    return st.session_state.get(_GROUPS, {})


def hidden() -> list[str]:
    """Return the names that the link to this page hides, in its order, without those that the page does not have."""
    key = f"hidden_on_{st.session_state.get(_PAGE, '')}"
    if PARAMETER in st.query_params:
        st.session_state[key] = list(dict.fromkeys(st.query_params[PARAMETER].split(",")))
    known = groups()
    return [name for name in st.session_state.get(key, []) if name in known]


def is_hidden(name: str) -> bool:
    """Return True if the link hides this group: for controls that are not drawn, as their values are not needed."""
    return name in hidden()


@contextmanager
def group(name: str) -> Iterator[None]:
    """Draw controls that a link can hide: in a `with` block, or as the decorator of the function that draws them."""
    if is_hidden(name):
        # The style sheet hides elements with such a key.
        with st.container(key=f"hidden_{name}"):
            yield
    else:
        yield


def show_all() -> None:
    """Show everything again that the link to this page hides."""
    st.session_state.pop(f"hidden_on_{st.session_state.get(_PAGE, '')}", None)
    st.query_params.pop(PARAMETER, None)
