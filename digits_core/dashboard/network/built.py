"""The network that is being built: kept in the session with its undo history, and in the URL of the page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from digits_core.config import NetworkConfig
from digits_core.dashboard import page_address
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.errors import ConfigError
from digits_core.layers.problems import problem_of
from digits_core.training.config_fields import as_texts, from_texts

STATE = "network_built"
IN_URL = "network_in_url"
MOST_STEPS = 100
"""The number of steps that can be undone."""


@dataclass(frozen=True)
class Built:
    """The current network, those before it that undo restores, and those after it for redo, the most recent last."""

    network: NetworkConfig
    before: tuple[NetworkConfig, ...] = ()
    after: tuple[NetworkConfig, ...] = ()


def built() -> NetworkConfig | None:
    """Return the network built in this session; `None` if there is none yet."""
    state: Built | None = st.session_state.get(STATE)
    return state.network if state else None


def is_buildable(network: NetworkConfig, size: int) -> bool:
    return problem_of(network.layers, size) is None


def fill(network: NetworkConfig) -> None:
    """Make this the current network, as a step that can be undone."""
    state: Built | None = st.session_state.get(STATE)
    if state is None:
        st.session_state[STATE] = Built(network)
    elif network != state.network:
        st.session_state[STATE] = Built(network, (*state.before, state.network)[-MOST_STEPS:])


def undo() -> None:
    state: Built = st.session_state[STATE]
    *before, last = state.before
    st.session_state[STATE] = replace(state, network=last, before=tuple(before), after=(*state.after, state.network))


def redo() -> None:
    state: Built = st.session_state[STATE]
    *after, last = state.after
    st.session_state[STATE] = replace(state, network=last, before=(*state.before, state.network), after=tuple(after))


def steps() -> tuple[int, int]:
    """Return how many steps can be undone, and how many can be redone."""
    state: Built | None = st.session_state.get(STATE)
    return (len(state.before), len(state.after)) if state else (0, 0)


def as_link(network: NetworkConfig, size: int) -> dict[str, list[str]]:
    """Return a network and its image size as the query parameters of a link."""
    return to_query(network) | {"size": [str(size)]}


def to_query(network: NetworkConfig) -> dict[str, list[str]]:
    """Return a network as query parameters, as in `{"layers": ["lenet"]}`; defaults are left out."""
    usual = NetworkConfig()
    return {
        field: as_texts(field, value)
        for field, value in dict(network).items()
        if field == "layers" or value != getattr(usual, field)
    }


def take_from_url() -> None:
    """Load the network from the URL, or show a warning if it is invalid."""
    query = page_address.said(NetworkConfig.model_fields.__contains__)
    if not query or not page_address.is_new(NetworkConfig.model_fields.__contains__, IN_URL):
        return
    st.session_state[IN_URL] = query
    try:
        fill(NetworkConfig(**{field: from_texts(field, texts) for field, texts in query.items()}))
    except ConfigError as error:
        st.warning(f"This address asks for a network that cannot be read: {as_plain_text(str(error))}")


def put_into_url(network: NetworkConfig) -> None:
    page_address.write(to_query(network), NetworkConfig.model_fields.__contains__, IN_URL)
