"""Actions on the chosen runs: rename, tag, note, archive, delete; the last one can be undone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import streamlit as st

from digits_core.dashboard.error_messages import as_plain_text
from digits_core.dashboard.folds import popover
from digits_core.dashboard.read_only import change_button, guarded
from digits_core.dashboard.runs.choice import choose
from digits_core.dashboard.state import state
from digits_core.dashboard.widgets import show_error
from digits_core.errors import DigitsError
from digits_core.home import KEPT_S
from digits_core.runs.rows import Kept
from digits_core.runs.run_edits import NAME_LENGTH, NOTE_LENGTH, TAG_LENGTH, TAGS_AT_MOST, Change
from digits_core.runs.store import Run

_DONE, _REFUSED = "runs_done", "runs_refused"
DAYS = KEPT_S // 86_400


def edit_runs(chosen: Sequence[Run], shelf: Kept) -> None:
    """Draw the controls that change the chosen runs, or restore them if they are deleted."""
    if shelf == "deleted":
        _bring_back([run.id for run in chosen if run.deleted])
        return
    popover(
        "Edit",
        "runs_edit",
        lambda: _edit(chosen),
        icon=":material/edit:",
        help_text="Name, tags and note of the chosen runs.",
        changes=True,
    )
    _put_away(chosen)


def show_last_action() -> None:
    """Draw the error of the last action, and the last successful one with its Undo button."""
    if _REFUSED in st.session_state:
        show_error(st.session_state.pop(_REFUSED))
    _offer_undo()


def _edit(chosen: Sequence[Run]) -> None:
    if not chosen:
        st.info("Select one or more rows of the table first.")
        return
    _rename(chosen)
    _tag(chosen)
    _note(chosen)


def act(change: Callable[[], Change]) -> bool:
    """Make a change and keep it for `Undo`; return False if it failed, in which case the page shows the error."""
    try:
        remember(change())
    except DigitsError as error:
        st.session_state[_REFUSED] = error
        return False
    return True


def remember(change: Change) -> None:
    """Keep a change, so that it is shown below the table with `Undo`."""
    st.session_state[_DONE] = change


def acting(change: Callable[[], Change]) -> Callable[[], None]:
    """Return a button callback that makes the change."""

    def make() -> None:
        act(change)

    return make


def _rename(chosen: Sequence[Run]) -> None:
    if len(chosen) != 1:
        return
    run = chosen[0]
    key = f"runs_name_{run.id}_{_of(run.name)}"
    st.text_input(
        "Name",
        run.name,
        key=key,
        persist_state="session",
        on_change=guarded(acting(lambda: state().runs.labels.rename(run.id, st.session_state[key]))),
        help="What the run is called on every page, in up to "
        f"{NAME_LENGTH} characters. Its number stays. Press Enter to save.",
    )


def _tag(chosen: Sequence[Run]) -> None:
    ids = [run.id for run in chosen]
    key = f"runs_tags_{_of(ids)}"
    tags = st.multiselect(
        "Tags",
        state().runs.labels.tags(),
        key=key,
        persist_state="session",
        accept_new_options=True,
        placeholder="choose or type",
        help=f"Short words to find runs again: up to {TAG_LENGTH} characters each, up to {TAGS_AT_MOST} on a run.",
    )
    with st.container(horizontal=True, gap="xsmall"):
        change_button(
            "Add",
            icon=":material/new_label:",
            disabled=not tags,
            on_click=acting(lambda: state().runs.labels.tag(ids, st.session_state[key])),
            help="To each chosen run.",
        )
        change_button(
            "Take off",
            icon=":material/label_off:",
            disabled=not tags,
            on_click=acting(lambda: state().runs.labels.untag(ids, st.session_state[key])),
            help="From each chosen run.",
        )


def _note(chosen: Sequence[Run]) -> None:
    ids = [run.id for run in chosen]
    notes = {run.note for run in chosen}
    before = notes.pop() if len(notes) == 1 else ""
    key = f"runs_note_{_of((ids, before))}"
    st.text_area(
        "Note",
        before,
        key=key,
        persist_state="session",
        help="Why you trained it, what you saw. It is found by the search and goes with the run. Up to "
        f"{NOTE_LENGTH:,} characters.",
    )
    change_button(
        "Save",
        icon=":material/save:",
        on_click=acting(lambda: state().runs.labels.write_note(ids, st.session_state[key])),
        help="The same note on each chosen run; an empty one removes what is there.",
    )


def _put_away(chosen: Sequence[Run]) -> None:
    labels = state().runs.labels
    archived = [run.id for run in chosen if run.archived]
    current = [run.id for run in chosen if not run.archived]
    if archived and not current:
        change_button(
            "Unarchive",
            icon=":material/unarchive:",
            on_click=acting(lambda: labels.unarchive(archived)),
            help="Other pages offer these runs again.",
        )
    else:
        change_button(
            "Archive",
            icon=":material/archive:",
            disabled=not current,
            on_click=_away,
            args=(labels.archive, current),
            help="Takes the chosen runs out of the lists of every page. “Show: Archive” among the filters has them.",
        )
    change_button(
        "Delete",
        icon=":material/delete:",
        disabled=not chosen,
        on_click=_away,
        args=(labels.delete, [run.id for run in chosen]),
        help=f"Undo, or “Show: Deleted” among the filters, brings them back for {DAYS} days; then their files go.",
    )


def _away(put: Callable[[Sequence[str]], Change], run_ids: Sequence[str]) -> None:
    """Archive or delete runs, and clear the choice if that succeeds."""
    if act(lambda: put(run_ids)):
        choose([])


def _bring_back(deleted: Sequence[str]) -> None:
    change_button(
        "Restore",
        icon=":material/restore_from_trash:",
        type="primary",
        disabled=not deleted,
        on_click=acting(lambda: state().runs.labels.restore(deleted)),
        help=f"Brings the chosen runs back with all that they had. What was deleted {DAYS} days ago is removed when "
        "the app starts.",
    )


def _offer_undo() -> None:
    """Draw the last change, with a button that undoes it."""
    if _DONE not in st.session_state:
        return
    st.markdown(f":material/check_circle: {as_plain_text(st.session_state[_DONE].words)}", width="content")
    change_button(
        "Undo",
        icon=":material/undo:",
        type="tertiary",
        on_click=_undo,
        key="runs_undo",
        help="Takes the whole last action back, however many runs it changed.",
    )


def _undo() -> None:
    change = st.session_state.pop(_DONE)
    try:
        state().runs.labels.undo(change)
    except DigitsError as error:
        st.session_state[_REFUSED] = error
    else:
        if change.column in ("archived", "deleted"):
            choose([run_id for run_id, put_away in change.before if put_away is None])


def _of(content: object) -> str:
    """Return a hash of the content for a widget's key, so that other content makes another widget."""
    return f"{zlib.crc32(repr(content).encode()):08x}"
