"""Runs of other programs, read from their files: TensorBoard's event files, Lightning's `CSVLogger`, CSV of epochs.

Files are untrusted: they are read in a separate process, within limits, and nothing in them is executed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from digits_core.data.readers.apart import ask_apart
from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB
from digits_core.data.readers.sandbox import shown_name
from digits_core.errors import RunFileError
from digits_core.runs import process_owner
from digits_core.runs.imports.records import LIMITS, from_json
from digits_core.runs.logged import WholeRun
from digits_core.runs.rows import Run
from digits_core.runs.run_edits import NAME_LENGTH, tidy_name
from digits_core.runs.store import RunStore, new_id

__all__ = ["LIMITS", "keep", "read_runs"]


def read_runs(path: Path, name: str | None = None) -> list[WholeRun]:
    """Return the runs in a file, a zip of a folder, or a folder, read in a separate process; nothing is stored yet.

    Args:
        path: A CSV file, an event file, a zip, or a folder with event files or `metrics.csv` in it or below.
        name: The name shown to users, if it differs from that of `path`, as for an upload.

    Raises:
        RunFileError: If it cannot be read; the message is one line that begins with its name.
    """
    path = Path(path).absolute()
    title = shown_name(name or (path.parent.name if path.name == "metrics.csv" else path.name))
    try:
        if not path.exists():
            raise RunFileError(f"{title} does not exist. Check the name and try again.")
        if path.is_file():
            _check_size(path.stat().st_size, title)
        return _read_apart(path, title)
    except OSError as error:
        raise RunFileError(f"{title} could not be read on this machine: {error.strerror or error}.") from error


def keep(store: RunStore, found: Sequence[WholeRun], name: str = "", tags: Sequence[str] = ()) -> list[Run]:
    """Write runs into the store, all of them or none, and return them.

    Args:
        name: Replaces their own names; if there are several, their own names follow it.
        tags: Tags of all of them.

    Raises:
        ConfigError: If the name or the tags are too long.
        StoreError: If the store cannot be written.
    """
    if name:
        name = tidy_name(name)
        several = len(found) > 1
        found = [replace(run, name=f"{name} {run.name}"[:NAME_LENGTH] if several else name) for run in found]
    by_id = {new_id(): run for run in found}
    store.logged.add(by_id, process_owner.this_process(), tags)
    return [store.get(run_id) for run_id in by_id]


def _check_size(size: int, title: str) -> None:
    if not size:
        raise RunFileError(f"{title} is empty.")
    if size > LIMITS.file_bytes:
        raise RunFileError(
            f"{title} has {size / MIB:,.0f} MiB, more than the {LIMITS.file_bytes // MIB} MiB that are read. "
            "Import fewer runs at once."
        )


def _read_apart(path: Path, title: str) -> list[WholeRun]:
    try:
        return from_json(ask_apart("digits_core.runs.imports", [str(path), title], LIMITS))
    except Refusal as refusal:
        raise RunFileError(f"{title} {refusal}") from None
