"""How long the training of the form will take, from the runs in the store."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.state import state
from digits_core.errors import DigitsError
from digits_core.runs.speed_history import past_runs
from digits_core.training.check import choose_digits
from digits_core.training.estimate import Estimate, PastRun, duration, estimate


def show_estimate(config: RunConfig) -> None:
    """Show the estimated time; nothing if no comparable run tells how fast this machine is."""
    if found := estimated(config):
        st.caption(
            f":material/timer: About **{duration(found.seconds)}** on this machine. {as_plain_text(found.basis)}"
        )


def estimated(config: RunConfig) -> Estimate | None:
    """Estimate how long a training takes; `None` if its data are missing, or there are no runs to estimate from."""
    try:
        train, test = choose_digits(config.data, load_digits)
    except DigitsError:
        return None  # the Train button says what is wrong with the data
    train_images = sum(int((~each.test).sum()) for each in train)
    test_images = sum(int(each.test.sum()) for each in test)
    past = _past_runs(str(state().home.folder), state().runs.cursor())
    return estimate(config, train_images, test_images, past)


@lru_cache(maxsize=4)
def _past_runs(folder: str, cursor: int) -> tuple[PastRun, ...]:
    """Return the newest runs that finished at least one epoch; the arguments identify a state of the store for the
    cache.
    """
    return past_runs(state().runs)
