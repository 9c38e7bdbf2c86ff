"""Finds the runs in files: which files belong together, and which reader they need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from digits_core.data.readers.archives import Archive
from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits
from digits_core.runs.imports import wire
from digits_core.runs.imports.epochs_csv import read_epochs
from digits_core.runs.imports.lightning_csv import HPARAMS, METRICS, is_lightning, read_hparams, read_metrics
from digits_core.runs.imports.records import LIMITS, MOST_RUNS, MOST_VALUES, with_fractions
from digits_core.runs.imports.tables import read_table
from digits_core.runs.imports.tensorboard import read_event_files
from digits_core.runs.logged import WholeRun

EVENTS = "tfevents"
"""Part of the name of every event file."""
_ADVICE = "Import fewer runs at once."
_NOTHING = (
    f"holds no runs: neither event files of TensorBoard, nor {METRICS} of Lightning's CSVLogger, nor a CSV file "
    "of epochs."
)

Files = Mapping[str, bytes]
"""Contents by their paths inside a folder, with `/`."""


def read(path: Path, name: str, limits: Limits = LIMITS) -> list[WholeRun]:
    """Return the runs in a folder, a zip of one, or a single file.

    Args:
        path: The folder or file.
        name: Its name as shown to users, used without its extension for runs that have no name of their own.

    Raises:
        Refusal: If it cannot be read as runs.
    """
    if path.is_dir():
        return _read_folder(_files_in(path, limits), name)
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        archive = Archive(content, limits, _ADVICE)
        wanted = [member for member in archive.names if _is_wanted(member)]
        wanted = wanted or [member for member in archive.names if member.casefold().endswith(".csv")]
        return _read_folder({member: archive.read(member) for member in wanted}, name.removesuffix(".zip"))
    file = PurePosixPath(name).name
    if wire.begins_like_one(content):
        return _checked([read_event_files(name, {file: content}, {})])
    return _checked(_read_csv(file, name.removesuffix(".csv"), content, {}))


def _read_folder(files: Files, name: str) -> list[WholeRun]:
    """Return the runs of a folder: one for each subfolder with event files, and one or more for each CSV file."""
    runs: list[WholeRun] = []
    folders: dict[PurePosixPath, dict[str, bytes]] = {}
    for path, content in files.items():
        folders.setdefault(PurePosixPath(path).parent, {})[PurePosixPath(path).name] = content
    for folder, inside in sorted(folders.items()):
        title = name if folder == PurePosixPath(".") else str(folder)
        config = read_hparams(inside[HPARAMS]) if HPARAMS in inside else {}
        if events := {file: content for file, content in inside.items() if EVENTS in file}:
            runs.append(read_event_files(title, events, config))
        for file, content in inside.items():
            if file.casefold().endswith(".csv"):
                called = title if file == METRICS else file.removesuffix(".csv")
                runs += _read_csv(file, called, content, config)
    return _checked(runs)


def _read_csv(file: str, name: str, content: bytes, config: Mapping[str, object]) -> list[WholeRun]:
    table = read_table(content)
    if is_lightning(file, table):
        return [read_metrics(name, table, config)]
    return read_epochs(name, table)


def _checked(runs: list[WholeRun]) -> list[WholeRun]:
    if not runs:
        raise Refusal(_NOTHING)
    if len(runs) > MOST_RUNS:
        raise Refusal(f"holds {len(runs)} runs, more than the {MOST_RUNS} that are read at once. {_ADVICE}")
    if sum(len(values) for run in runs for values in run.metrics.values()) > MOST_VALUES:
        raise Refusal(f"holds more than the {MOST_VALUES:,} values that are read at once. {_ADVICE}")
    return [with_fractions(run) for run in runs]


def _files_in(folder: Path, limits: Limits) -> dict[str, bytes]:
    """Read the files below a folder that may contain runs; links are not followed."""
    paths = [Path(inside) / file for inside, _, files in os.walk(folder) for file in files if _is_wanted(file)]
    paths = [path for path in paths if path.is_file() and not path.is_symlink()]
    if len(paths) > limits.entries:
        raise Refusal(f"holds {len(paths):,} files of runs, more than the {limits.entries:,} that are read. {_ADVICE}")
    size = sum(path.stat().st_size for path in paths)
    if size > limits.unpacked_bytes:
        raise Refusal(
            f"holds {size / MIB:,.0f} MiB of runs, more than the {limits.unpacked_bytes // MIB} MiB that are read. "
            f"{_ADVICE}"
        )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _is_wanted(path: str) -> bool:
    file = PurePosixPath(path).name
    return EVENTS in file or file in (METRICS, HPARAMS)
