"""Train a recipe on this page, with its progress, if there is no network yet, or none to compare with."""

from __future__ import annotations

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import POLL_S, show_progress
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import link
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.session import session_id
from digits_core.dashboard.state import state
from digits_core.dashboard.training.run_feed import batches_per_epoch, feed_of
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.runs.store import Run
from digits_core.training import recipes
from digits_core.training.check import check_data
from digits_core.training.config_fields import differences

_REFUSED = "recognise_refused"


def run_of(recipe: str, runs: list[Run]) -> Run | None:
    """Return the newest of these runs that is exactly this recipe; `None` if there is none."""
    config = recipes.find(recipe).config
    return next(
        (run for run in runs if run.recipe == config.recipe and not (run.by_hand or differences(run.plan, config))),
        None,
    )


def first_network() -> None:
    """Offer to train a first network with one click; the page continues when it has finished."""
    state().engine.warm_up()  # the cluster starts while the person reads
    with st.container(border=True):
        st.write(
            "A trained network is needed first. The recipe **Robust** learns from three sets of digits, centred and "
            "varied, so that it reads hands that it never saw. It takes a minute or two."
        )
        offer("Robust", primary=True)
        link("training", "Or choose what to train on the Training page")


def offer(recipe: str, primary: bool = False) -> None:
    """Draw a button that trains the recipe, or the progress of a live run; the page is redrawn when the run ends."""
    live = state().runs.in_training()
    if live:
        followed = next((run for run in live if run.recipe == recipe), live[0])
        st.fragment(_follow, run_every=POLL_S)(followed.id)
        st.caption("When it has finished, this page goes on by itself. You may go to other pages meanwhile.")
        return
    _show_what_became_of_the_last()
    change_button(
        f"Train the {recipe} recipe",
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        key=f"train_{recipe}",
        on_click=_train,
        args=(recipe,),
        help=recipes.find(recipe).lesson,
    )
    if error := st.session_state.pop(_REFUSED, None):
        show_error(error)


def _train(recipe: str) -> None:
    config = recipes.find(recipe).config
    try:
        check_data(config, load_digits)
        state().engine.submit(config, session_id())
    except DigitsError as error:
        st.session_state[_REFUSED] = error


def _follow(run_id: str) -> None:
    run = state().runs.get(run_id)
    if not run.live:
        state().load_torch()
        st.rerun()
    show_progress(run, batches_per_epoch(run, feed_of(run)))


def _show_what_became_of_the_last() -> None:
    """Show why the last run left no network, if there is still none."""
    runs = state().runs.runs()
    if runs and runs[0].status in ("failed", "diverged", "stopped") and not state().runs.usable():
        st.warning(f"{as_plain_text(runs[0].title)}: {runs[0].status}. {as_plain_text(runs[0].message)}")
