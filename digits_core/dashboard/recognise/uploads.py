"""The uploaded pictures of a session: kept when the uploader loses them, as it does on a change of page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from digits_core.dashboard.packed import UPLOADS_BYTES

KEPT = 30
"""Largest number of pictures kept that the uploader has lost, up to `UPLOADS_BYTES`; the newest one always is."""


class UploadedFile(Protocol):
    """A file as Streamlit's uploader and camera return it."""

    file_id: str
    name: str

    def getvalue(self) -> bytes: ...


@dataclass(frozen=True)
class Upload:
    """An uploaded file; files that were added together have the same `batch`, newer ones a higher one."""

    file: str
    name: str
    content: bytes
    batch: int = 0


@dataclass(frozen=True)
class Uploads:
    """The pictures of one source, oldest first; `dropped` counts those removed for lack of room."""

    pictures: tuple[Upload, ...] = ()
    in_uploader: frozenset[str] = frozenset()
    dropped: int = 0

    def seen(self, files: Sequence[UploadedFile], stayed: bool) -> Uploads:
        """Return the pictures updated by the current files of the uploader.

        Args:
            files: What the uploader holds now.
            stayed: Whether the uploader has been on the page since the last update. A missing file was then removed by
                the user; otherwise the uploader is new and has only lost it.
        """
        there = frozenset(file.file_id for file in files)
        removed = self.in_uploader - there if stayed else frozenset()
        known = {each.file for each in self.pictures}
        batch = 1 + max((each.batch for each in self.pictures), default=0)
        pictures = (
            *(each for each in self.pictures if each.file not in removed),
            *(Upload(file.file_id, file.name, file.getvalue(), batch) for file in files if file.file_id not in known),
        )
        return replace(self, pictures=pictures, in_uploader=there)._within_bounds()

    def without(self, files: Iterable[str]) -> Uploads:
        """Return the pictures without these files, and with `dropped` reset."""
        gone = frozenset(files)
        return replace(self, pictures=tuple(each for each in self.pictures if each.file not in gone), dropped=0)

    @property
    def newest_first(self) -> list[Upload]:
        """The pictures in display order: the last batch first, files of a batch in their own order."""
        return sorted(self.pictures, key=lambda each: -each.batch)

    @property
    def forgotten(self) -> list[Upload]:
        """The pictures that the uploader does not list, so that it cannot remove them either."""
        return [each for each in self.pictures if each.file not in self.in_uploader]

    def _within_bounds(self) -> Uploads:
        kept, size = 0, 0
        for each in reversed(self.forgotten):
            size += len(each.content)
            if kept and (kept >= KEPT or size > UPLOADS_BYTES):
                break
            kept += 1
        gone = self.forgotten[: len(self.forgotten) - kept]
        return replace(self.without(each.file for each in gone), dropped=self.dropped + len(gone)) if gone else self
