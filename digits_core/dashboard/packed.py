"""The pictures that a session keeps, compressed; they are unpacked only while they are in use.

A sheet takes ten megabytes and more while its digits are corrected. Twenty visitors with thirty pictures each would
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
"""How many photos a session keeps on Recognise, with the digits read on them, and how many bytes of them."""
READINGS, READINGS_BYTES = 60, 6 * 2**20
"""The same limits for the recognition history."""
TRAY_BYTES = 4 * 2**20
"""How many bytes of pictures that are not saved yet a session keeps on Handwriting: about fifty photos."""
UPLOADS_BYTES = 16 * 2**20
"""How many bytes of files it keeps that an uploader has forgotten, but that are still to be shown."""
UNPACKED = 6
"""How many sheets are unpacked at a time, in all sessions together."""
QUALITY = 80
"""JPEG quality of a sheet's picture, which is only looked at: digits are read from the ink, stored without loss."""

Key = TypeVar("Key")


class Sized(Protocol):
    """An object that knows its size in bytes."""

    @property
    def size(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


def forget_oldest(kept: MutableMapping[Key, Kept], count: int, size: int) -> None:
    """Remove the oldest entries until at most `count` remain, of at most `size` bytes in total; the last one always
    stays.
    """
    while len(kept) > 1 and (len(kept) > count or sum(each.size for each in kept.values()) > size):
        del kept[next(iter(kept))]


class PackedArrays(Sequence[np.ndarray]):
    """A sequence of arrays, each unpacked on every access."""

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
    """Everything else of the sheet, with an empty picture and no ink."""

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
