"""Training: train a network and watch it learn."""

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.live import POLL_S, show_curves, show_lecture_lines, show_progress
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.pages import next_step
from digits_core.dashboard.state import state
from digits_core.dashboard.training_form import training_form
from digits_core.dashboard.widgets import choose_run, show_error
from digits_core.errors import DigitsError
from digits_core.runs.store import Run
from digits_core.training.check import check_data


def train(config: RunConfig) -> None:
    """Start a run and follow it."""
    try:
        check_data(config, load_digits)
    except DigitsError as error:
        st.session_state["refused"] = error
        return
    st.session_state["run"] = state().engine.submit(config).id


def form() -> None:
    st.subheader("What to train")
    try:
        config = training_form()
    except DigitsError as error:
        show_error(error)
        return
    if "refused" in st.session_state:
        show_error(st.session_state.pop("refused"))
    st.button("Train", type="primary", icon=":material/play_arrow:", width="stretch", on_click=train, args=(config,))


def watch() -> None:
    st.subheader("What it learns")
    runs = state().runs.runs()
    if not runs:
        st.info("Nothing has been trained yet. Press **Train**: the lecture's recipe takes a few seconds.")
        return
    run = choose_run(runs, "Which run to look at. A new one is chosen when you start it.")
    if not run.live:
        state().load_torch()  # the next step is to recognise; while the run trains, it needs the processor for itself
    st.fragment(follow, run_every=POLL_S if run.live else None)(run.id, run.live, state().runs.cursor())
    show_curves([run], "live")
    show_lecture_lines(run)


def follow(run_id: str, alive: bool, cursor: int) -> None:
    """Where runs stand; repeats itself while one trains, and the whole page when there is more to see than that.

    Only then are the charts sent again: drawing them twice a second would take the time that training needs.
    """
    run = state().runs.get(run_id)
    if alive and (not run.live or state().runs.cursor() > cursor):
        st.rerun()
    show_controlled(run)
    show_queue(run)


def show_controlled(run: Run) -> None:
    """Where a run stands and the button that stops it; the button stays in its place after the end."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            show_progress(run)
        st.button(
            "Stop", icon=":material/stop:", key=f"stop_{run.id}", on_click=state().engine.stop, args=(run,),
            disabled=not run.live, help="Ends the training after the current batch. What was learnt is kept.",
        )  # fmt: skip


def show_queue(shown: Run) -> None:
    others = [run for run in state().runs.live() if run.id != shown.id]
    if others:
        st.caption("Also training or waiting:")
    for run in others:
        show_controlled(run)


st.title("Training")
st.write("Train a network and watch loss and accuracy change, epoch by epoch.")
# The cluster starts while the person reads the form.
state().engine.warm_up()
left, right = st.columns([2, 3], gap="large")
with left:
    form()
with right:
    watch()
next_step("training")
