"""Import of runs of other programs from files: read once, stored all or none, and chosen for comparison."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import streamlit as st

from digits_core.dashboard.folds import popover
from digits_core.dashboard.refused import Upload, content_of, read_from_disk, read_once, show_refusal
from digits_core.dashboard.runs.choice import choose
from digits_core.dashboard.runs.editing import remember
from digits_core.dashboard.state import state
from digits_core.data.readers.limits import MIB
from digits_core.errors import DigitsError, RunReadingStopped
from digits_core.runs.imports import LIMITS, keep, read_runs
from digits_core.runs.logged import WholeRun
from digits_core.runs.rows import Run
from digits_core.runs.run_edits import Change

_COUNT = "run_imports"


def import_runs() -> None:
    """Draw the popover that imports runs from files; a new key after each import closes and empties it."""
    popover(
        "Import",
        f"runs_import_{st.session_state.get(_COUNT, 0)}",
        _draw,
        icon=":material/upload_file:",
        help_text="Runs of other programs: TensorBoard, Lightning, or a CSV file with a row for each epoch.",
        changes=True,
    )


def _draw() -> None:
    files = st.file_uploader(
        "Files with runs",
        accept_multiple_files=True,
        key=f"runs_files_{st.session_state.get(_COUNT, 0)}",
        max_upload_size=LIMITS.file_bytes // MIB,
        help="What a file is follows from its contents. It is read by a process of its own that runs no code from it. "
        "If one of several files cannot be read, none of them is imported.",
    )
    if not files:
        st.markdown(
            "- **TensorBoard**: event files (`events.out.tfevents…`), or a zip of their folders\n"
            "- **Lightning**: `metrics.csv` of its `CSVLogger`, or a zip of its folders with `hparams.yaml`\n"
            "- **CSV**: a row for each epoch, such as `epoch, train_loss, val_acc`; also what this app exports"
        )
        return
    try:
        with st.spinner("Reading the files …"):
            found = [read_once(("runs", *content_of(file)), partial(_read, file)) for file in files]
        kept = keep(state().runs, [run for runs in found for run in runs])
    except DigitsError as error:
        show_refusal(error, "import_runs")
        return
    # Before anything is drawn: a rerun in the meantime must not import them again.
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    remember(_change(kept))
    choose([run.id for run in kept])
    st.rerun()


def _read(file: Upload) -> list[WholeRun]:
    return read_from_disk(file, read_runs, RunReadingStopped)


def _change(kept: Sequence[Run]) -> Change:
    """Return the import as a change; undoing it deletes the runs, which can then still be restored."""
    origins = " and ".join(dict.fromkeys(run.origin for run in kept))
    what, where = (kept[0].title, "its note") if len(kept) == 1 else (f"{len(kept)} runs", "their notes")
    notes = f"; see {where}" if any(run.note for run in kept) else ""
    return Change(f"Imported {what} from {origins}{notes}.", "deleted", tuple((run.id, time.time()) for run in kept))
