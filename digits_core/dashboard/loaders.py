"""What pages read, kept between reruns and shared by all sessions. Nothing here is ever changed by a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.state import state
from digits_core.data.digits import Digits

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Recogniser


def load_digits(name: str) -> Digits:
    """A dataset by name; `DatasetError` where it is not there."""
    return _digits(str(state().home.folder), name, state().catalogue.version(name))


def load_recogniser(run_id: str) -> Recogniser:
    """The network of a trained run, ready to recognise; `RunError` where it has no weights."""
    run = state().runs.get(run_id)
    return _recogniser(str(state().home.folder), run_id, run.finished or 0.0)


# The arguments that the functions below do not use tell one content from another for the cache.


@st.cache_resource(max_entries=8, show_spinner="Reading the images …")
def _digits(folder: str, name: str, version: str) -> Digits:
    return state().catalogue.load(name)


@st.cache_resource(max_entries=32, show_spinner="Loading PyTorch and the network …")
def _recogniser(folder: str, run_id: str, finished: float) -> Recogniser:
    from digits_core.recognition.recogniser import Recogniser

    run = state().runs.get(run_id)
    return Recogniser(run.config, state().artifacts(run_id).load_weights())
