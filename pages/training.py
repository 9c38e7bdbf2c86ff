"""Training: train a network and watch it learn."""

from functools import partial
from typing import Any

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.folds import expander
from digits_core.dashboard.live import POLL_S, show_progress
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import page_head
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.scale import choose_scale
from digits_core.dashboard.session import session_id
from digits_core.dashboard.set_controls import said_by
from digits_core.dashboard.state import state
from digits_core.dashboard.training import range_view
from digits_core.dashboard.training.advice import show_hints
from digits_core.dashboard.training.form import (
    HIDEABLE,
    RECIPE,
    choose_start,
    config_of_form,
    draw_folded_settings,
    draw_main_settings,
    hidden_controls,
    offer_undo,
)
from digits_core.dashboard.training.run_controls import (
    follow_run,
    pick_run,
    run_to_watch,
    say_what_was_refused,
    show_more_controls,
    show_queue,
    show_stop_and_pause,
)
from digits_core.dashboard.training.run_feed import batches_per_epoch, feed_of, hints_for
from digits_core.dashboard.training.sharing import offer_sharing
from digits_core.dashboard.training.sweep_recipes import offer_sweeps
from digits_core.dashboard.training.time_estimate import show_estimate
from digits_core.dashboard.training.training_views import choose_view, show_charts, show_view
from digits_core.dashboard.widgets import choose_run, show_error
from digits_core.errors import DigitsError
from digits_core.runs.store import Run
from digits_core.training.check import prepared
from digits_core.training.recipes import RECIPES

REFUSED = "refused_config"
"""The config that was refused when Train was last pressed."""


def train() -> None:
    """Start a run with the config of the form and follow it; if it is refused, the reason is shown above the button."""
    config = None
    try:
        config = config_of_form()
        ready = prepared(config, load_digits)
    except DigitsError:
        st.session_state[REFUSED] = config
        return
    follow_run(state().engine.submit(ready, session_id()))


def say_why_not(config: RunConfig) -> None:
    """Show what prevents training with this config, for as long as that is so."""
    try:
        prepared(config, load_digits)
    except DigitsError as error:
        show_error(error)


def form(run: Run | None) -> None:
    """Draw the form; Stop and Pause next to its Train button act on the shown run."""
    with st.container(key="main_action", gap="xsmall"):
        config = None
        try:
            config = choose_start()
        except DigitsError as error:
            show_error(error)
        st.session_state["form_config"] = config
        with st.container(horizontal=True, gap="xsmall"):
            change_button(
                "Train",
                type="primary",
                icon=":material/play_arrow:",
                width="stretch",
                on_click=train,
                disabled=config is None,
                help="Fix the error above first." if config is None else "Starts a run with the settings below.",
            )
            show_stop_and_pause(run)
        if config is not None and config == st.session_state.get(REFUSED):
            say_why_not(config)
        offer_undo()
    with st.container(key="settings", gap="xsmall"):
        draw_main_settings()
        if "recipe" not in hidden_controls():
            offer_sweeps()
        draw_folded_settings()
        if config is not None and "more" not in hidden_controls():
            expander(
                "Find a learning rate", "fold_range", partial(range_view.show, config), icon=":material/troubleshoot:"
            )
        if "share" not in hidden_controls():
            offer_sharing(config)
        lesson_and_time(config)


def lesson_and_time(config: RunConfig | None) -> None:
    """Show what the recipe teaches, and how long the training will take."""
    st.caption(RECIPES[said_by(RECIPE)].lesson)
    if config is not None:
        show_estimate(config)


def watch(run: Run | None, live: list[Run]) -> None:
    """Draw what the shown run has learnt, and the controls that belong to it."""
    if run is None:
        with st.container(key="main_picture"):
            st.info("Nothing has been trained yet. Press **Train**: the lecture's recipe takes a few seconds.")
        return
    if not live:
        state().load_torch()  # the next step is to recognise; while a run trains, it needs the processor for itself
    say_what_was_refused(run)
    st.fragment(follow, run_every=POLL_S if live else None)(run.id, what_else_is_shown(run, live))
    show_queue(run, live)


def choose(live: list[Run]) -> Run | None:
    """Draw the choice of the shown run and its controls in one row; return the run, `None` if there is none yet."""
    runs = [run for run in state().runs.runs() if not run.is_logged]
    if not runs:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="run_row"):
        run = choose_run(
            runs,
            "Which run to look at. A run that starts to train is shown when the one before has ended.",
            label=lambda run: run.title,
            instead=run_to_watch(live),
            on_pick=pick_run,
        )
        show_more_controls(run)
    return run


def follow(run_id: str, shown: tuple[Any, ...]) -> None:
    """Draw a run's status and what it has learnt; runs repeatedly while a run trains.

    Charts are updated in place, and rebuilt only if there is new data. The whole page reruns when more than the charts
    has changed.
    """
    run, live = state().runs.get(run_id), state().runs.in_training()
    if what_else_is_shown(run, live) != shown:
        st.rerun()
    feed = feed_of(run)
    show_progress(run, batches_per_epoch(run, feed))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="scale_and_hints"):
        log = choose_scale()
        show_hints(run, hints_for(run, feed))
    with st.container(key="main_picture"):
        show_charts(run, feed, log)
    show_view(choose_view(), run, feed)


def what_else_is_shown(run: Run, live: list[Run]) -> tuple[Any, ...]:
    """Return a key of what buttons, hints and queue show: they change less often than the charts."""
    kinds = tuple(hint.kind for hint in hints_for(run, feed_of(run)))
    waiting = tuple((each.id, each.status, each.position) for each in live)
    return (run.id, run.status, run.orders, run.planned_epochs, kinds, waiting)


page_head("training", hideable=HIDEABLE)
# The cluster starts while the user reads the form.
state().engine.warm_up()
with st.container(horizontal=True, key="bench"):
    left, right = st.container(key="form"), st.container(key="watch", gap="xsmall")
with right:
    live = state().runs.in_training()
    run = choose(live)
with left:
    form(run)
with right:
    watch(run, live)
