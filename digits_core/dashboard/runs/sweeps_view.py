"""Sweeps: many runs that differ in some settings and are started, watched and stopped together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.live import POLL_S
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.runs.sweep_form import sweep_form
from digits_core.dashboard.runs.sweep_results import Axes, choose_axes, show_best, show_results, show_table
from digits_core.dashboard.state import state
from digits_core.dashboard.training.sweep_recipes import CHOSEN, draw_ready_sweeps
from digits_core.dashboard.widgets import choose_named, show_error
from digits_core.errors import DigitsError
from digits_core.runs.rows import Run
from digits_core.runs.sweep_store import CONTINUABLE, Sweep
from digits_core.training.estimate import duration

REFUSED, DELETED = "sweep_control_refused", "sweep_deleted"
ICONS = {
    "running": ":material/play_circle:",
    "paused": ":material/pause_circle:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "interrupted": ":material/power_off:",
    "failed": ":material/error:",
}


def show_sweeps() -> None:
    """Draw the form for a new sweep next to the chosen sweep, which is in the URL as `sweep`."""
    with st.container(horizontal=True, key="bench"):
        left, right = st.container(key="form"), st.container(key="watch", gap="xsmall")
    with left:
        sweep_form()
    with right:
        _offer_undo()
        _watch()


def _watch() -> None:
    sweeps = state().sweeps.sweeps()
    if not sweeps:
        with st.container(key="main_picture"):
            st.info(
                "No sweep yet. Start a ready-made one, or settings of your own: it trains one run for each combination "
                "and draws what comes out."
            )
            draw_ready_sweeps()
        return
    by_id = {sweep.id: sweep for sweep in sweeps}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="sweep_row"):
        chosen = choose_named(
            "Sweep",
            {sweep.id: sweep.title for sweep in sweeps},
            CHOSEN,
            "Which sweep to look at. A new one is chosen when you start it.",
            lambda wanted: f"There is no sweep {wanted} any more. The newest is shown.",
        )
        sweep = by_id[chosen]
        _show_controls(sweep)
    if error := st.session_state.pop(REFUSED, None):
        show_error(error)
    axes = choose_axes(sweep)
    alive = _is_alive(sweep, state().sweeps.runs(sweep.id))
    st.fragment(_follow, run_every=POLL_S if alive else None)(sweep.id, sweep.status, alive, axes)


def _follow(sweep_id: str, status: str, alive: bool, axes: Axes) -> None:
    """Draw a sweep's status and results; a fragment that reruns while any run trains.

    Reruns the whole page when the buttons change.
    """
    sweep, runs = state().sweeps.get(sweep_id), state().sweeps.runs(sweep_id)
    if sweep.status != status or _is_alive(sweep, runs) != alive:
        st.rerun()
    runs = [run for run in runs if run.deleted is None]
    _show_progress(sweep, runs)
    show_results(sweep, runs, axes)
    show_best(sweep, runs)
    show_table(sweep, runs)


def _is_alive(sweep: Sweep, runs: Sequence[Run]) -> bool:
    return sweep.conducted or any(run.live for run in runs)


def _show_progress(sweep: Sweep, runs: Sequence[Run]) -> None:
    """Draw one progress bar for the whole sweep."""
    size = sweep.plan.size
    done = sum(not run.live and run.status != "interrupted" for run in runs)
    share = sum(run.progress if run.live else 1.0 for run in runs) / size
    words = f"{ICONS[sweep.status]} **{sweep.status}** · {done} of {size} runs"
    if sweep.status == "running" and (left := _seconds_left(runs, size, share)) is not None:
        words += f" · about {duration(left)} left"
    if sweep.message and sweep.status != "stopped":
        words += f" · {as_plain_text(sweep.message)}"
    st.progress(1.0 if sweep.status == "finished" else min(share, 1.0), words)


def _seconds_left(runs: Sequence[Run], size: int, share: float) -> float | None:
    """Estimate the remaining time from the mean time of the finished runs and the number training at once."""
    times = [run.seconds for run in runs if run.status == "finished" and run.seconds]
    if not times:
        return None
    at_once = max(1, sum(run.status == "running" for run in runs))
    return (1 - share) * size * sum(times) / len(times) / at_once


def _show_controls(sweep: Sweep) -> None:
    if sweep.status in CONTINUABLE:
        _button(
            sweep,
            "Continue",
            ":material/play_arrow:",
            _go_on,
            help_text="Goes on with the runs that are left. Those that rest or were stopped with the sweep go on "
            "where they were.",
        )
    else:
        _button(
            sweep,
            "Pause",
            ":material/pause:",
            _pause,
            unless="" if sweep.status == "running" else f"The sweep is {sweep.status}.",
            help_text="Starts no further run, and lets those that train rest after their current batch.",
        )
    _button(
        sweep,
        "Stop",
        ":material/stop:",
        _stop,
        unless="" if sweep.conducted else f"There is nothing to stop: the sweep is {sweep.status}.",
        help_text="Starts no further run, and stops those that train. What was learnt is kept, and the sweep can "
        "be continued later.",
    )
    _button(
        sweep,
        "Delete",
        ":material/delete:",
        _delete,
        unless="Stop it first." if sweep.conducted else "",
        help_text="Takes the sweep off this list. Its runs stay in the table of runs.",
    )


def _button(
    sweep: Sweep, label: str, icon: str, action: Callable[[Sweep], None], help_text: str, unless: str = ""
) -> None:
    """Draw a button that controls the sweep, disabled with the reason in `unless`.

    Pause and Continue share a place and a key, so that the focus stays on the button that was pressed.
    """
    name = "pause" if label == "Continue" else label.lower()
    change_button(
        label,
        icon=icon,
        key=f"sweep_{name}_{sweep.id}",
        disabled=bool(unless),
        on_click=_try,
        args=(action, sweep),
        help=f"{help_text} **{unless}**" if unless else help_text,
    )


def _try(action: Callable[[Sweep], None], sweep: Sweep) -> None:
    try:
        action(sweep)
    except DigitsError as error:
        st.session_state[REFUSED] = error


def _pause(sweep: Sweep) -> None:
    state().conductor.pause(sweep)


def _go_on(sweep: Sweep) -> None:
    state().conductor.go_on(sweep)


def _stop(sweep: Sweep) -> None:
    state().conductor.stop(sweep)


def _delete(sweep: Sweep) -> None:
    state().sweeps.delete(sweep.id)
    st.session_state[DELETED] = (sweep.id, sweep.title)
    st.session_state.pop(CHOSEN, None)
    st.query_params.pop(CHOSEN, None)


def _restore(sweep_id: str) -> None:
    state().sweeps.restore(sweep_id)
    st.session_state[CHOSEN] = sweep_id
    st.session_state.pop(DELETED, None)


def _offer_undo() -> None:
    if DELETED in st.session_state:
        sweep_id, title = st.session_state[DELETED]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{as_plain_text(title)} was deleted.", width="stretch")
            change_button("Undo", icon=":material/undo:", key="undo_sweep", on_click=_restore, args=(sweep_id,))
