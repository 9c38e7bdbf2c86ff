"""What pages read, kept between reruns and shared by all sessions. Nothing here is ever changed by a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.state import state
from digits_core.dashboard.thresholds import Threshold, Thresholds
from digits_core.data.digits import Digits
from digits_core.runs.artifacts import Artifacts

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.recognition.refusal import Refusal

THRESHOLDS = Thresholds()
"""Of all homes that this process serves."""


def load_digits(name: str) -> Digits:
    """A dataset by name; `DatasetError` where it is not there."""
    return _digits(str(state().home.folder), name, state().catalogue.version(name))


def load_recogniser(run_id: str) -> Recogniser:
    """The network of a trained run, ready to recognise; `RunError` where it has no weights."""
    run = state().runs.get(run_id)
    return _recogniser(str(state().home.folder), run_id, run.finished or 0.0)


def load_threshold(run_id: str) -> Threshold:
    """Return what is known of how this run tells digits from other marks; `RunError` if the run has no weights.

    Working it out takes a second or more, which nobody should wait for: it happens in the background.
    """
    here = state()
    run, recogniser = here.runs.get(run_id), load_recogniser(run_id)
    artifacts, load = here.artifacts(run_id), here.catalogue.load
    data = _data_key(recogniser, here.catalogue.version)
    key = (str(here.home.folder), run_id, run.finished or 0.0)
    return THRESHOLDS.get(key, data, lambda: _work_out(recogniser, artifacts, load, data))


# The arguments that the functions below do not use tell one content from another for the cache.


@st.cache_resource(max_entries=8, show_spinner="Reading the images …")
def _digits(folder: str, name: str, version: str) -> Digits:
    return state().catalogue.load(name)


@st.cache_resource(max_entries=32, show_spinner="Loading PyTorch and the network …")
def _recogniser(folder: str, run_id: str, finished: float) -> Recogniser:
    from digits_core.recognition.recogniser import Recogniser

    run = state().runs.get(run_id)
    return Recogniser(run.config, state().artifacts(run_id).load_weights())


def _data_key(recogniser: Recogniser, version: Callable[[str], str]) -> str:
    from digits_core.recognition.refusal import data_key

    return data_key(recogniser.config, version)


def _work_out(recogniser: Recogniser, artifacts: Artifacts, load: Callable[[str], Digits], data: str) -> Refusal:
    """Not on a page's thread: nothing here may ask Streamlit for anything."""
    from digits_core.recognition.refusal import load_refusal

    return load_refusal(recogniser, artifacts, load, data)
