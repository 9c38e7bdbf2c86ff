"""What a session keeps of its pictures, small: compressed, and unpacked only for as long as somebody works with it.

A sheet takes ten megabytes and more while its digits are looked at. Twenty visitors with thirty pictures each would
take six gigabytes; packed, a picture takes about half a megabyte.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from digits_core.recognition.sheet import Sheet

PHOTOS, PHOTOS_BYTES = 30, 20 * 2**20
"""So many photos on Recognise a session keeps with what was read on them, and so many bytes of them."""
READINGS, READINGS_BYTES = 60, 6 * 2**20
"""The same for the history of what was read."""
TRAY_BYTES = 4 * 2**20
"""So much a session keeps of pictures for Handwriting that are not saved yet: some fifty photos."""
UPLOADS_BYTES = 16 * 2**20
"""And of files that an uploader has forgotten, and that are still to be shown."""
UNPACKED = 6
"""So many sheets are unpacked at a time, in all sessions together."""
QUALITY = 80
"""Of the JPEG that a sheet's picture is kept as: it is looked at, and what is read is the ink, which loses nothing."""

Key = TypeVar("Key")


class Sized(Protocol):
    """What knows how many bytes it takes."""

    @property
    def size(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


def forget_oldest(kept: MutableMapping[Key, Kept], count: int, size: int) -> None:
    """Remove the first entries until no more than `count` remain, and no more than `size` bytes; the last one stays."""
    while len(kept) > 1 and (len(kept) > count or sum(each.size for each in kept.values()) > size):
        del kept[next(iter(kept))]


class PackedArrays(Sequence[np.ndarray]):
    """Arrays that are unpacked each time that one of them is asked for."""

    def __init__(self, arrays: Iterable[np.ndarray]) -> None:
        self._parts = tuple(
            (zlib.compress(np.ascontiguousarray(each).data, 1), each.shape, each.dtype.str) for each in arrays
        )

    @property
    def size(self) -> int:
        return sum(len(content) for content, _, _ in self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, place: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[np.ndarray, ...]: ...
    def __getitem__(self, place: int | slice) -> np.ndarray | tuple[np.ndarray, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        content, shape, kind = self._parts[place]
        return np.frombuffer(bytearray(zlib.decompress(content)), dtype=kind).reshape(shape)  # to be written to


@dataclass(frozen=True, eq=False)
class PackedSheet:
    """A sheet in a few hundred kilobytes: its ink without loss, its picture as JPEG."""

    width: int
    height: int
    _picture: bytes
    _ink: PackedArrays
    _rest: Sheet
    """All else of it, with an empty picture and no ink."""

    @classmethod
    def of(cls, sheet: Sheet) -> PackedSheet:
        picture = io.BytesIO()
        sheet.picture.save(picture, "JPEG", quality=QUALITY)
        rest = replace(sheet, picture=Image.new("L", (1, 1)), ink=np.zeros((1, 1), dtype=np.uint8))
        return cls(*sheet.picture.size, picture.getvalue(), PackedArrays([sheet.ink]), rest)

    @property
    def size(self) -> int:
        return len(self._picture) + self._ink.size

    def unpacked(self) -> Sheet:
        return _unpacked(self)


@lru_cache(maxsize=UNPACKED)
def _unpacked(packed: PackedSheet) -> Sheet:
    with Image.open(io.BytesIO(packed._picture), formats=["JPEG"]) as picture:
        picture.load()
        return replace(packed._rest, picture=picture.copy(), ink=packed._ink[0])
