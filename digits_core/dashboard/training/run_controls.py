"""What a user can do with a run, during training and after; buttons keep their places and say why they are disabled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from digits_core.config import TrainingConfig, bounds
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.folds import popover
from digits_core.dashboard.live import STATUS_ICONS
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.session import session_id
from digits_core.dashboard.state import state
from digits_core.dashboard.training.run_feed import feed_of
from digits_core.dashboard.training.setting_controls import real_number
from digits_core.dashboard.widgets import CHOSEN_RUN, follow_choice, show_error
from digits_core.errors import DigitsError
from digits_core.runs.rows import RESUMABLE, Run, why_not_continued
from digits_core.runs.run_settings import CHANGES, NONE, settings_of
from digits_core.settings import SETTINGS, title_of

REFUSED = "control_refused"
FOLLOWED = "followed_run"
PICKED, WATCHED = "picked_run", "watched_run"
"""The run that was chosen on this page by hand, with the newest number then; and the run shown because it trains."""


def follow_run(run: Run) -> None:
    """Show this run on all pages from now on, and let the browser scroll its charts into view."""
    follow_choice(run)
    st.session_state.pop(PICKED, None)
    st.session_state.pop(WATCHED, None)
    st.session_state[FOLLOWED] = run.id


def pick_run(run_id: str) -> None:
    """Keep showing a run that was chosen here by hand, even if others start to train."""
    runs = state().runs.runs()
    st.session_state[PICKED] = (run_id, runs[0].number if runs else 0)
    st.session_state.pop(WATCHED, None)


def run_to_watch(live: Sequence[Run]) -> Run | None:
    """Return the run to show even though another one was chosen, or `None` to keep the choice.

    A run that was started elsewhere, on another page or by a sweep, replaces one that has ended, and stays when it has
    ended itself. A run that was chosen here by hand is only replaced by a run that this browser starts; so is a run
    that was removed from the queue, because its page is where that is reported.
    """
    chosen = st.session_state.get(CHOSEN_RUN)
    picked, newest_then = st.session_state.get(PICKED, (None, 0))
    own = [run for run in live if run.session == session_id() and not run.sweep]
    if picked and picked == chosen:
        live = [run for run in own if run.number > newest_then]
    elif any(run.id == chosen for run in live) or (not own and _was_taken_out(chosen)):
        return None
    if any(run.id == st.session_state.get(WATCHED) for run in live):
        live = [run for run in live if run.id == st.session_state[WATCHED]]
    if live:
        # The user's own runs first, and among those the ones that have started.
        found = min(live, key=lambda run: (run not in own, run.status == "queued", -run.number))
        st.session_state[WATCHED] = found.id
        return found
    (watched, *_) = [*state().runs.some([st.session_state.get(WATCHED, "")]), None]
    return watched


def _was_taken_out(run_id: str | None) -> bool:
    return any(run.status == "stopped" and not run.started for run in state().runs.some([run_id or ""]))


def show_stop_and_pause(run: Run | None) -> None:
    """Draw Stop and Pause of the shown run, disabled if there is none yet."""
    if run is not None:
        _stop(run)
        _pause_or_resume(run)
        return
    for label, icon in (("Stop", ":material/stop:"), ("Pause", ":material/pause:")):
        st.button(label, icon=icon, disabled=True, help="No run yet: press Train first.")


def show_more_controls(run: Run) -> None:
    """Draw the other actions on a run: frequent ones as buttons, the rest in a popover."""
    _one_more_epoch(run)
    _train_again(run)
    popover(
        "Change",
        "run_change",
        lambda: _draw_changes(run),
        icon=":material/tune:",
        help_text="Another learning rate while it trains; more epochs when it has ended.",
        changes=True,
    )


def say_what_was_refused(run: Run) -> None:
    """Show why the last action on this run was refused, until something else is done."""
    refused, error = st.session_state.get(REFUSED, (None, None))
    # The page is redrawn whenever there is news, so the message stays until something else is done.
    if refused == (run.id, run.status):
        show_error(error)


def _draw_changes(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        _learning_rate(run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        _continue(run)


def show_queue(shown: Run, live: Sequence[Run]) -> None:
    """Draw the other runs of everyone that train or wait; waiting ones can be moved and removed."""
    others = sorted((run for run in live if run.id != shown.id), key=lambda run: run.position)
    if not others:
        return
    st.markdown("**Also training or waiting**")
    waiting = max(run.position for run in live)
    for run in others:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            place = f"number {run.position} in the queue" if run.waits else run.status
            yours = " · yours" if run.session == session_id() else ""
            st.markdown(f"{STATUS_ICONS[run.status]} {as_plain_text(run.title)} · {place}{yours}", width="stretch")
            _button(
                "Earlier",
                ":material/arrow_upward:",
                run,
                state().engine.move,
                run,
                -1,
                unless=_why_not_moved(run, run.position > 1, "It is the next one already."),
                plain=True,
                help_text="Let this run start before the one ahead of it.",
            )
            _button(
                "Later",
                ":material/arrow_downward:",
                run,
                state().engine.move,
                run,
                1,
                unless=_why_not_moved(run, run.position < waiting, "It is the last one already."),
                plain=True,
                help_text="Let the run behind this one start before it.",
            )
            _button(
                "Cancel",
                ":material/close:",
                run,
                state().engine.stop,
                run,
                plain=True,
                help_text="Takes a waiting run out of the queue, and stops one that trains.",
            )


def _stop(run: Run) -> None:
    _button(
        "Stop",
        ":material/stop:",
        run,
        state().engine.stop,
        run,
        unless="" if run.live else f"There is nothing to stop: the run is {run.status}.",
        help_text="Ends the training after the current batch. What was learnt is kept.",
    )


def _pause_or_resume(run: Run) -> None:
    """Draw one button for both: Resume if the run is paused or can be resumed, else Pause."""
    if run.status == "paused":
        _button(
            "Resume",
            ":material/play_arrow:",
            run,
            state().engine.go_on,
            run,
            name="pause",
            help_text="Goes on with the next batch, as if there had been no break.",
        )
    elif run.status in RESUMABLE:
        _button(
            "Resume",
            ":material/play_arrow:",
            run,
            state().engine.resume,
            run,
            name="pause",
            help_text="Goes on after the last epoch that was finished, with the numbers of a run without a break."
            if feed_of(run).epochs
            else "Starts again from the beginning: no epoch was finished.",
        )
    else:
        why_not = {"queued": "It has not started yet.", "running": ""}.get(run.status, f"The run is {run.status}.")
        _button(
            "Pause",
            ":material/pause:",
            run,
            state().engine.pause,
            run,
            name="pause",
            unless="It pauses after the current batch." if run.orders.pause and run.live else why_not,
            help_text="Rests after the current batch, and gives its place to a run that waits, until you resume it.",
        )


def _one_more_epoch(run: Run) -> None:
    most = bounds(TrainingConfig, "epochs").high
    full = "" if run.planned_epochs < most else f"A run trains {most:,} epochs at most."
    _button(
        "One more epoch",
        ":material/exposure_plus_1:",
        run,
        _add_epoch,
        run,
        unless=full if run.live else "The run has ended: continue it instead.",
        help_text="Adds an epoch to those that are planned, without a break.",
    )


def _train_again(run: Run) -> None:
    _button(
        "Train again",
        ":material/replay:",
        run,
        _again,
        run,
        help_text=(
            "Queues a new run with the same settings on the same digits, even if handwriting has changed since. It "
            "gives the same numbers: that is what the seed is for."
            if (changes := settings_of(run)[CHANGES]) == NONE
            else "Queues a new run with the settings that this one began with, on the same digits. Its numbers will "
            f"differ, because this was changed by hand: {changes}."
        ),
    )


def _learning_rate(run: Run) -> None:
    key = f"new_rate_{run.id}"
    st.session_state.setdefault(key, run.orders.learning_rate or run.config.training.learning_rate)
    with st.container(width=130):
        real_number(
            title_of("learning_rate"),
            "learning_rate",
            key=key,
            persist_state="session",
            disabled=not run.live,
            help=f"{SETTINGS['learning_rate'].help} Takes effect from the next batch and ends any schedule.",
        )
    _button(
        "Apply",
        ":material/check:",
        run,
        _change_rate,
        run,
        key,
        unless="" if run.live else "The run has ended: train again with another learning rate.",
        help_text="From the next batch on. The change is kept with the run and drawn into its charts.",
    )


def _continue(run: Run) -> None:
    key = f"epochs_to_add_{run.id}"
    done = run.weights or 0
    why_not = why_not_continued(run, done, state().artifacts(run.id).has_checkpoint())
    most = max(1, int(bounds(TrainingConfig, "epochs").high) - done)
    with st.container(width=124):
        st.number_input(
            "Epochs to add",
            1,
            most,
            min(run.config.training.epochs, most),
            key=key,
            persist_state="session",
            disabled=bool(why_not),
            help=f"How many epochs the new run trains beyond the {done} that this one has finished.",
        )
    _button(
        "Continue",
        ":material/fast_forward:",
        run,
        _train_on,
        run,
        key,
        unless=why_not,
        help_text=_what_continuing_does(run, done),
    )


def _what_continuing_does(run: Run, done: int) -> str:
    """Return what a continued run starts from, and whether its results equal those of an uninterrupted run."""
    if not done:
        return "Trains a run that has ended for more epochs, as a new run."
    words = f"A new run that goes on after epoch {done}, with weights and optimizer as they were then."
    if run.status != "finished":
        words += f" Anything learnt after epoch {done} is left out."
    constant = run.config.training.schedule == "constant"
    rates = [each.value for each in run.by_hand if each.what == "learning_rate" and each.epoch <= done]
    if rates:
        ended = "" if constant else " Its schedule stays ended."
        return f"{words} The learning rate stays at {rates[-1]:g}, as it was set by hand.{ended}"
    if constant:
        return f"{words} The numbers are those of a run that trained on without a break."
    return f"{words} Its schedule begins anew over the added epochs: one longer run would have other numbers."


def _button(
    label: str,
    icon: str,
    run: Run,
    action: Callable[..., Any],
    *arguments: Any,
    unless: str = "",
    name: str = "",
    help_text: str,
    plain: bool = False,
) -> None:
    """Draw a button that calls `action`; it is disabled if `unless` gives a reason."""
    change_button(
        label,
        icon=icon,
        key=f"{name or label.lower().replace(' ', '_')}_{run.id}",
        disabled=bool(unless),
        help=f"{help_text} **{unless}**" if unless else help_text,
        on_click=_try,
        args=(run, action, *arguments),
        type="tertiary" if plain else "secondary",
    )


def _try(run: Run, action: Callable[..., Any], *arguments: Any) -> None:
    """Call `action`; if the engine refuses, the reason is shown below the buttons."""
    st.session_state.pop(REFUSED, None)
    try:
        action(*arguments)
    except DigitsError as error:
        st.session_state[REFUSED] = (run.id, run.status), error


def _why_not_moved(run: Run, room: bool, otherwise: str) -> str:
    return "Already training." if not run.waits else "" if room else otherwise


def _add_epoch(run: Run) -> None:
    now = state().runs.get(run.id)
    state().engine.order(now, epochs=max(now.planned_epochs, now.orders.epochs or 0) + 1)


def _change_rate(run: Run, key: str) -> None:
    state().engine.order(run, learning_rate=st.session_state[key])


def _again(run: Run) -> None:
    follow_run(state().engine.train_again(run, session_id()))


def _train_on(run: Run, key: str) -> None:
    follow_run(state().engine.continue_training(run, st.session_state[key], session_id()))
