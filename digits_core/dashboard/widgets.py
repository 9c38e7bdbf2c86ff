"""Controls and small pieces that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from digits_core.dashboard import page_address
from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.pages import link
from digits_core.dashboard.set_controls import control_key, set_control, when_changed
from digits_core.dashboard.state import state
from digits_core.data.digits import Split
from digits_core.errors import DigitsError
from digits_core.runs.preferred import best_of, doubt_about
from digits_core.runs.rows import NOT_TRAINED_HERE
from digits_core.runs.store import Run

RUN = "run"
"""The name of the control that chooses a run, also in the URL; it is the same on all pages."""
CHOSEN_RUN = "chosen_run"
"""The run that the user asked for. A page may show another one: one that is training, or one that has weights."""
AWAIT_S = 1.0
"""How often a page that waits for a run to finish checks it."""
SPLIT_HELP = "Training images teach the network; test images are never shown to it while it learns, only to judge it."


def choose_dataset(key: str = "dataset", label: str = "Dataset") -> str:
    """Draw the choice of this page's dataset and return its name; in the URL as `key`."""
    titles = {entry.name: entry.title for entry in state().catalogue.entries()}
    return choose_named(
        label,
        titles,
        key,
        "A dataset is a set of images with their labels. What holds for one need not hold for "
        "another: that is what the comparison of datasets teaches.",
        lambda wanted: f"There is no dataset {wanted} any more. {next(iter(titles.values()))} is shown.",
    )


def choose_split(key: str = "split") -> Split:
    """Draw the choice between training and test images; in the URL."""
    return st.segmented_control(
        "Split",
        ["train", "test"],
        default="train",
        required=True,
        key=key,
        bind="query-params",
        persist_state="session",
        help=SPLIT_HELP,
    )


def choose_page(total: int, per_page: int, key: str, unit: str, words: str) -> int:
    """Draw the choice of a page of `total` things, from 1; in the URL as `key`. `words` follow their number.

    unit: the things in the plural, with which `words` begin.
    """
    pages = -(-total // per_page)
    if total == 1:
        words = unit.removesuffix("s") + words.removeprefix(unit)
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages  # there were more: the URL must not name a page that no longer exists
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = st.number_input(
            "Page",
            1,
            pages,
            1,
            key=key,
            bind="query-params",
            persist_state="session",
            width=130,
            help=f"{per_page} {unit} each.",
        )
        st.caption(f"of {pages:,} · {total:,} {words}")
    return page


def choose_run(
    runs: Sequence[Run],
    help_text: str,
    *,
    label: Callable[[Run], str] | None = None,
    default: Run | None = None,
    instead: Run | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> Run:
    """Return one of these runs: the one that a link or the user chose, on any page, else the `default`.

    Args:
        label: Returns the text of a run in the list; for a live run it must not contain anything that changes.
        default: The newest run unless given.
        instead: A run to show even though another one was chosen.
        on_pick: Called with the id of a run that was chosen by hand here, or by a link to this page.
    """
    by_id = {run.id: run for run in runs}
    default = default or runs[0]

    def pick(run_id: str) -> None:
        st.session_state[CHOSEN_RUN] = run_id
        if on_pick:
            on_pick(run_id)

    linked = st.query_params.get(RUN)
    if linked and page_address.is_new(RUN.__eq__, f"{RUN}_in_url"):
        pick(linked)
        instead = None
    chosen = st.session_state.get(CHOSEN_RUN)
    shown = instead.id if instead and instead.id in by_id else chosen if chosen in by_id else default.id
    set_control(RUN, shown)
    st.selectbox(
        "Run",
        list(by_id),
        format_func=lambda run_id: (label or run_label)(by_id[run_id]) if run_id in by_id else "",
        key=control_key(RUN),
        on_change=when_changed(RUN, pick),
        help=help_text,
    )
    page_address.write({RUN: [shown]}, RUN.__eq__, f"{RUN}_in_url")
    if chosen and chosen not in by_id:
        _say_why_not_shown(chosen, default)
    return by_id[shown]


def choose_best_run(runs: Sequence[Run], help_text: str) -> Run:
    """Return the run that the user chose, else the best one that can be used: see `best_of`."""
    return choose_run(runs, help_text, default=best_of(runs))


def follow_choice(run: Run) -> None:
    """Show this run on every page from now on, as if it had been chosen by hand."""
    st.session_state[CHOSEN_RUN] = run.id


def warn_of_doubtful(run: Run) -> None:
    """Warn that a run's predictions are unreliable if it fails on its own test images."""
    if doubt := doubt_about(run):
        st.warning(as_plain_text(doubt), icon=":material/warning:")


def _say_why_not_shown(run_id: str, default: Run) -> None:
    """Say why a chosen run is not shown. A run in training is shown once it can be; any other choice is forgotten."""
    if state().runs.is_live(run_id):
        st.fragment(_await_run, run_every=AWAIT_S)(run_id, default)
        return
    st.session_state.pop(CHOSEN_RUN)
    (logged, *_) = [*(run for run in state().runs.some([run_id]) if run.is_logged), None]
    why = f"There is no run {as_plain_text(run_id[:40])} to show here: it was deleted or has no weights."
    if logged is not None:
        why = f"{as_plain_text(logged.title)} cannot be shown here. {NOT_TRAINED_HERE}"
    st.warning(f"{why} {as_plain_text(default.title)} is shown.")


def _await_run(run_id: str, default: Run) -> None:
    """Say that a run has to finish first, and redraw the page when it has."""
    if not state().runs.is_live(run_id):
        st.rerun()
    run = state().runs.get(run_id)
    st.caption(
        f":material/schedule: {as_plain_text(run.title)} has not finished training and will be used as soon as it has. "
        f"Until then {as_plain_text(default.title)} is used."
    )


def follow_old_link(key: str, renamed: Mapping[str, str]) -> None:
    """Translate the former value of `key` in an old URL to its current name, `renamed[old]`.

    Call it before the control that is bound to `key` is drawn.
    """
    value = renamed.get(st.query_params.get(key, ""))
    if value is not None and key not in st.session_state:
        st.session_state[key] = value


def choose_named(label: str, titles: Mapping[str, str], key: str, help_text: str, gone: Callable[[str], str]) -> str:
    """Return one of the names in `titles`, which are shown instead; the first unless the URL names another.

    The name is written into the URL by hand: Streamlit's binding would write the title, which users may change. `gone`
    returns the warning for a name that does not exist.
    """
    in_url = st.query_params.get(key)
    if in_url and page_address.is_new(key.__eq__, f"{key}_in_url"):
        st.session_state[key] = in_url
    wanted = st.session_state.get(key)
    if wanted not in titles:
        if wanted:
            st.warning(gone(as_plain_text(wanted[:40])))
        st.session_state[key] = next(iter(titles))
    chosen = st.selectbox(
        label,
        list(titles),
        format_func=lambda name: titles.get(name, name),
        key=key,
        persist_state="session",
        help=help_text,
    )
    page_address.write({key: [chosen]}, key.__eq__, f"{key}_in_url")
    return chosen


def run_label(run: Run) -> str:
    """Format a run for a list: its number and name, and its accuracy or status."""
    if run.live:
        return f"{run.title} · in training"
    accuracy = f"{run.test_accuracy:.2%}" if run.test_accuracy is not None else "no result"
    return f"{run.title} · {accuracy if run.status == 'finished' else f'{accuracy}, {run.status}'}"


def empty_state(text: str, page: str, label: str, **query: str) -> None:
    """Say that a page has nothing to show, with a link to the page where that can be changed."""
    with st.container(border=True):
        st.write(text)
        link(page, label, **query)


def say_not_here(dataset: str) -> None:
    """Say how to get the images of a dataset that can be chosen but has none yet."""
    if dataset == "handwriting":
        empty_state("No handwriting yet. Draw some digits, and they become a dataset.", "handwriting", "Draw digits")
    else:
        empty_state("This dataset is not here yet.", "data", "Download it on the Data page", dataset=dataset)


def show_error(error: DigitsError) -> None:
    """Show an error next to the control that caused it; the rest of the page continues."""
    st.error(as_plain_text(str(error)), icon=":material/error:")
