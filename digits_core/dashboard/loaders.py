"""What pages read, kept between reruns and shared by all sessions. Nothing here is ever changed by a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.state import state
from digits_core.data import handwriting_versions
from digits_core.data.digits import Digits
from digits_core.errors import DigitsError, HandwritingChanged
from digits_core.runs.artifacts import Artifacts

if TYPE_CHECKING:
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.recognition.refusal import Refusal

LOG = logging.getLogger(__name__)
_BACKGROUND = ThreadPoolExecutor(1, thread_name_prefix="loaders")


def load_digits(name: str) -> Digits:
    """A dataset by name; `DatasetError` where it is not there."""
    state().catalogue.entry(name)
    try:
        return _read(name, state().catalogue.version(name))
    except HandwritingChanged:  # somebody has saved a digit between the two
        return _read(name, state().catalogue.version(name))


def run_loader(run_id: str) -> Callable[[str], Digits]:
    """What loads the data of a run as it was when the run was created; it raises `DatasetError` where it is gone."""
    return state().run_data.loader(run_id, _read)


def lenient_run_loader(run_id: str) -> Callable[[str], Digits]:
    """The same, falling back on the handwriting of now: see `RunData.lenient_loader`."""
    return state().run_data.lenient_loader(run_id, _read)


def _read(name: str, version: str) -> Digits:
    read = _handwriting if name == handwriting_versions.NAME else _digits
    return read(str(state().home.folder), name, version)


def load_recogniser(run_id: str) -> Recogniser:
    """The network of a trained run, ready to recognise; `RunError` where it has no weights."""
    run = state().runs.get(run_id)
    return _recogniser(str(state().home.folder), run_id, run.finished or 0.0)


def load_refusal(run_id: str) -> Refusal | None:
    """What this run takes for no digit; `None` while that is worked out, and where its datasets are too small to tell.

    The first time takes a second or more, which nobody should wait for: it happens in the background.
    """
    future = _refusal(str(state().home.folder), run_id, state().runs.get(run_id).finished or 0.0)
    return future.result() if future.done() else None


# The arguments that the functions below do not use tell one content from another for the cache.


@st.cache_resource(max_entries=8, show_spinner="Reading the images …")
def _digits(folder: str, name: str, version: str) -> Digits:
    return state().catalogue.load_version(name, version)


@st.cache_resource(max_entries=3, show_spinner="Reading the handwriting …")
def _handwriting(folder: str, name: str, version: str) -> Digits:
    """In a cache of its own: each digit that is saved makes another version, and 10,000 of them take 125 MB."""
    return state().catalogue.load_version(name, version)


@st.cache_resource(max_entries=32, show_spinner="Loading PyTorch and the network …")
def _recogniser(folder: str, run_id: str, finished: float) -> Recogniser:
    from digits_core.recognition.recogniser import Recogniser

    run = state().runs.get(run_id)
    return Recogniser(run.config, state().artifacts(run_id).load_weights())


@st.cache_resource(max_entries=32, show_spinner=False)
def _refusal(folder: str, run_id: str, finished: float) -> Future[Refusal | None]:
    recogniser = load_recogniser(run_id)
    load = state().run_data.lenient_loader(run_id)
    return _BACKGROUND.submit(_calibrated, recogniser, state().artifacts(run_id), load)


def _calibrated(recogniser: Recogniser, artifacts: Artifacts, load: Callable[[str], Digits]) -> Refusal | None:
    """Not on a page's thread: nothing here may ask Streamlit for anything."""
    from digits_core.recognition.refusal import load_refusal

    try:
        return load_refusal(recogniser, artifacts, load)
    except DigitsError as error:
        LOG.info("What is no digit is not known: %s", error)
        return None
