"""The pictures that a person has uploaded here: they stay when the uploader forgets them, as it does on other pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from digits_core.dashboard.packed import UPLOADS_BYTES

KEPT = 30
"""At most so many pictures that the uploader no longer holds, and `UPLOADS_BYTES` of them, stay; the newest always."""


class UploadedFile(Protocol):
    """What Streamlit's uploader and camera return."""

    file_id: str
    name: str

    def getvalue(self) -> bytes: ...


@dataclass(frozen=True)
class Upload:
    """One uploaded file; `batch` counts the times that files were added."""

    file: str
    name: str
    content: bytes
    batch: int = 0


@dataclass(frozen=True)
class Uploads:
    """The pictures of one source, oldest first; `dropped` counts those that there was no room for any more."""

    pictures: tuple[Upload, ...] = ()
    in_uploader: frozenset[str] = frozenset()
    dropped: int = 0

    def seen(self, files: Sequence[UploadedFile], stayed: bool) -> Uploads:
        """Return the pictures after a look at the uploader.

        Args:
            files: What the uploader holds now.
            stayed: Whether the uploader has been on the page since the last look. A file that it has lost was then
                taken out by hand; a new uploader has only forgotten it.
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
        """Return the pictures without these."""
        gone = frozenset(files)
        return replace(self, pictures=tuple(each for each in self.pictures if each.file not in gone), dropped=0)

    @property
    def newest_first(self) -> list[Upload]:
        """The pictures as they are shown: the last batch first, those that came together in their own order."""
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
