"""Data that pages read, cached between reruns and shared by all sessions. No page ever changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.dashboard.state import AFTER_PAGE_S, recogniser_is_here, state
from digits_core.dashboard.thresholds import Threshold, Thresholds
from digits_core.data import handwriting_versions
from digits_core.data.digits import Digits
from digits_core.errors import HandwritingChanged
from digits_core.runs.artifacts import Artifacts

if TYPE_CHECKING:
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.recognition.turning import Read

THRESHOLDS = Thresholds()
"""The thresholds of all home folders that this process serves."""


def load_digits(name: str) -> Digits:
    """Return a dataset by name; raises `DatasetError` if it does not exist."""
    state().catalogue.entry(name)
    try:
        return _read(name, state().catalogue.version(name))
    except HandwritingChanged:  # a digit was saved between the two
        return _read(name, state().catalogue.version(name))


def run_loader(run_id: str) -> Callable[[str], Digits]:
    """Return a function that loads a run's data as of its creation; it raises `DatasetError` if they are gone."""
    return state().run_data.loader(run_id, _read)


def lenient_run_loader(run_id: str) -> Callable[[str], Digits]:
    """Return a loader like `run_loader`, but one that falls back on the current handwriting: see
    `RunData.lenient_loader`.
    """
    return state().run_data.lenient_loader(run_id, _read)


def _read(name: str, version: str) -> Digits:
    read = _handwriting if name == handwriting_versions.NAME else _digits
    return read(str(state().home.folder), name, version)


def load_recogniser(run_id: str) -> Recogniser:
    """Return the network of a trained run, ready to recognise; raises `RunError` if it has no weights."""
    run = state().runs.get(run_id)
    return _recogniser(str(state().home.folder), run_id, run.finished or 0.0)


def reader(run_id: str) -> Read:
    """Return a function that recognises ink with a trained run; it loads the network on its first call."""
    return lambda inks: load_recogniser(run_id).read_all(inks)


def load_threshold(run_id: str) -> Threshold:
    """Return the current threshold of a run for refusing what is not a digit; raises `RunError` if it has no weights.

    Loading PyTorch and computing the threshold take seconds, so both happen in the background.
    """
    here = state()
    if not recogniser_is_here():
        here.load_torch(AFTER_PAGE_S)
        return Threshold(pending=True)
    run, recogniser = here.runs.get(run_id), load_recogniser(run_id)
    if run.is_logged:
        return Threshold(problem="It is not known what this run was trained on, and so not what else it may be shown.")
    artifacts, load = here.artifacts(run_id), here.run_data.lenient_loader(run_id)
    data = _data_key(recogniser, lambda name: here.run_data.lenient_version(run_id, name))
    key = (str(here.home.folder), run_id, run.finished or 0.0)
    return THRESHOLDS.get(key, data, lambda: _work_out(recogniser, artifacts, load, data))


# The arguments that the functions below do not use are part of the cache key.


@st.cache_resource(max_entries=8, show_spinner="Reading the images …")
def _digits(folder: str, name: str, version: str) -> Digits:
    return state().catalogue.load_version(name, version)


@st.cache_resource(max_entries=3, show_spinner="Reading the handwriting …")
def _handwriting(folder: str, name: str, version: str) -> Digits:
    """Load handwriting, with its own cache: each saved digit makes another version, and 10,000 digits take 125 MB."""
    return state().catalogue.load_version(name, version)


@st.cache_resource(max_entries=32, show_spinner="Loading PyTorch and the network …")
def _recogniser(folder: str, run_id: str, finished: float) -> Recogniser:
    from digits_core.recognition.recogniser import Recogniser

    run = state().runs.get(run_id)
    return Recogniser(run.config, state().artifacts(run_id).load_kept())


def _data_key(recogniser: Recogniser, version: Callable[[str], str]) -> str:
    from digits_core.recognition.out_of_distribution import data_key

    return data_key(recogniser.config, version)


def _work_out(recogniser: Recogniser, artifacts: Artifacts, load: Callable[[str], Digits], data: str) -> Refusal:
    """Compute the threshold off the pages' threads: nothing here may call Streamlit."""
    from digits_core.recognition.out_of_distribution import load_refusal

    return load_refusal(recogniser, artifacts, load, data)
