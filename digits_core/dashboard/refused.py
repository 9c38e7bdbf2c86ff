"""Uploads that were refused in this session: the error is shown again without reading the file again.

An uploader returns its files at every rerun, and reading one may take minutes.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import streamlit as st

from digits_core.dashboard.widgets import show_error
from digits_core.errors import DatasetError, DigitsError, PictureError, RunFileError, Stopped

KEPT = 50
_REFUSED, _DIGESTS = "refused_uploads", "upload_digests"

Read = TypeVar("Read")
Key = tuple[str, ...]


class Upload(Protocol):
    """An uploaded file of Streamlit."""

    file_id: str
    name: str

    def getvalue(self) -> bytes: ...

    def getbuffer(self) -> memoryview: ...


def content_of(file: Upload) -> Key:
    """Return a key that identifies this file by its name and content; computed once for each upload."""
    digests: dict[str, str] = st.session_state.setdefault(_DIGESTS, {})
    if file.file_id not in digests:
        digests[file.file_id] = hashlib.sha256(file.getbuffer()).hexdigest()
        _forget_oldest(digests)
    return file.name, digests[file.file_id]


def read_once(key: Key, read: Callable[[], Read]) -> Read:
    """Return the result of `read`, or raise its earlier error for this key without calling it again.

    `key` is the content together with everything else that the result depends on.
    """
    refused: dict[Key, DigitsError] = st.session_state.setdefault(_REFUSED, {})
    if key in refused:
        raise _anew(refused[key])
    try:
        return read()
    except (DatasetError, PictureError, RunFileError) as error:
        refused[key] = _anew(error)
        _forget_oldest(refused)
        raise


def read_from_disk(file: Upload, read: Callable[[Path, str], Read], stopped: type[Stopped]) -> Read:
    """Return what `read` makes of an upload, written to disk, and of its name; raises `stopped` if it cannot be
    written.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            path.write_bytes(file.getbuffer())
            return read(path, file.name)
    except OSError as error:
        raise stopped(
            f"{file.name} could not be read on this machine: {error.strerror or error}. Make room, then try again."
        ) from error


def show_refusal(error: DigitsError, key: str) -> None:
    """Show why an upload was refused; if the machine is to blame and not the file, offer to read it again."""
    show_error(error)
    if isinstance(error, Stopped):
        st.button(
            "Retry",
            icon=":material/replay:",
            key=f"retry_{key}",
            on_click=_forget_stopped,
            help="Reads the file again.",
        )


def _forget_stopped() -> None:
    refused = st.session_state.get(_REFUSED, {})
    st.session_state[_REFUSED] = {key: error for key, error in refused.items() if not isinstance(error, Stopped)}


def _anew(error: DigitsError) -> DigitsError:
    """Return an equal error without its traceback, which would keep the whole upload in memory."""
    return type(error)(str(error))


def _forget_oldest(kept: dict[Any, Any]) -> None:
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
