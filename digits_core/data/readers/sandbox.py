"""Read a file in a separate process, so that no file can take the app down.

A fresh interpreter rather than a fork: the app has threads, and a hostile file must not see its memory.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from digits_core.data.readers.file_contents import Reading, Refused, read_outcome
from digits_core.data.readers.limits import MIB, Limits
from digits_core.errors import DatasetError, DatasetReadingStopped

ROOT = Path(__file__).resolve().parents[3]
"""Where `digits_core` can be imported from."""
NAME_LENGTH = 80
_LOG_TAIL = 4000

logger = logging.getLogger(__name__)


def read_file(path: Path, name: str | None = None, limits: Limits | None = None) -> Reading:
    """Read a dataset file in a separate process, within limits.

    Raises `DatasetError`, whose text begins with the file's name, for anything wrong with the file, and
    `DatasetReadingStopped` if this machine ended the reading: the same file may be readable the next time. `name` is
    the file's name as the user knows it, if `path` has another one, as for an upload.
    """
    limits = limits or Limits()
    path = Path(path)
    name = shown_name(name or path.name)
    try:
        _check_size(path, name, limits)
        with tempfile.TemporaryDirectory(prefix="digits-reading-") as folder:
            outcome = _outcome(path.resolve(), name, Path(folder), limits)
    except OSError as error:
        raise DatasetReadingStopped(f"{name} could not be read on this machine: {error.strerror or error}.") from error
    if isinstance(outcome, Refused):
        raise (DatasetReadingStopped if outcome.stopped else DatasetError)(f"{name} {outcome.reason}")
    return outcome


def shown_name(name: str) -> str:
    """Return a file's name as one short line: uploads may be called anything."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= NAME_LENGTH else line[: NAME_LENGTH - 1] + "…"


def _check_size(path: Path, name: str, limits: Limits) -> None:
    if not path.is_file():
        raise DatasetError(f"{name} does not exist or is not a file. Check the name and try again.")
    size = path.stat().st_size
    if not size:
        raise DatasetError(f"{name} is empty. Choose a file that holds digits.")
    if size > limits.file_bytes:
        raise DatasetError(
            f"{name} has {size / MIB:,.0f} MiB, more than the {limits.file_bytes // MIB} MiB that are read. "
            "Keep fewer images in it, or store them as uint8."
        )


def _outcome(path: Path, name: str, folder: Path, limits: Limits) -> Reading | Refused:
    """Return the reading, or the reason why it failed."""
    log = folder / "log"
    command = [sys.executable, "-m", "digits_core.data.readers", str(path), name, str(folder), limits.to_json()]
    # One thread for linear algebra: a pool of them costs start-up time and address space, and is not used.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        with log.open("wb") as errors:
            status = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                timeout=2 * limits.seconds,
            ).returncode
    except subprocess.TimeoutExpired:
        return Refused(f"took longer than {2 * limits.seconds} s to read and was cancelled.", stopped=True)
    if said := _tail(log):
        logger.warning("The reading of %s ended with status %s: %s", name, status, said)
    if status == 0 and (outcome := read_outcome(folder)) is not None:
        return outcome
    return why_it_ended(status, limits)


def why_it_ended(status: int, limits: Limits) -> Refused:
    """Return why the reading process left no result, from its exit status: if negative, a signal ended it."""
    if status >= 0:
        return Refused("could not be read: the process that reads it failed. The log of the app says why.", True)
    ended_by = _signals().get(-status, "")
    if ended_by == "SIGXCPU":
        return Refused(f"took more than {limits.seconds} s of processor time to read and was cancelled.")
    if ended_by == "SIGKILL":
        return Refused(
            "could not be read: the system ended the process that reads it, most likely because this machine is short "
            "of memory. Close other programs and try again, or keep fewer images in it.",
            stopped=True,
        )
    if ended_by in ("SIGTERM", "SIGINT", "SIGHUP"):
        return Refused(f"could not be read: something ended the process that reads it ({ended_by}). Try again.", True)
    return Refused("broke the process that read it, so it is damaged or was made to do harm. Nothing of it was kept.")


def _signals() -> dict[int, str]:
    return {int(each): each.name for each in signal.Signals}


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")
