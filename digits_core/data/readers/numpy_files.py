"""NumPy's files. Headers are checked before memory is allocated; object arrays, which are pickles, are refused."""

from __future__ import annotations

import io
import math

import numpy as np

from digits_core.data.readers.archives import Archive
from digits_core.data.readers.file_contents import OWN_MARK, Contents, Refusal, counted, role_of
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.pickles import parts_of
from digits_core.data.readers.tables import table_part

NPY = b"\x93NUMPY"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_WRITER_LENGTH = 200


def is_npz(archive: Archive) -> bool:
    return any(name.endswith(".npy") for name in archive.names)


def read_npz(archive: Archive, limits: Limits) -> Contents:
    """Read named arrays: images and labels, x_train, y_train, x_test and y_test, or our own export."""
    names = [name.removesuffix(".npy") for name in archive.names if name.endswith(".npy")]
    if len(names) > 100:
        raise Refusal(f"holds {len(names):,} arrays: not images and labels.")
    if OWN_MARK in names:
        return _own(archive, limits)
    arrays = {name: _member(archive, name) for name in names if role_of(name)}
    # A boolean array `test` next to the images only looks like a list.
    lists = {name: array for name, array in arrays.items() if array.ndim > 1 or array.dtype != bool}
    try:
        parts = parts_of(lists, limits)
    except Refusal:
        listed = ", ".join(name[:30] for name in names[:8])
        raise Refusal(
            f"holds no images with labels that are known here: its arrays are {listed}. "
            "Call them images and labels, or x_train, y_train, x_test and y_test."
        ) from None
    return Contents("NumPy arrays (.npz)", parts)


def read_npy(data: bytes, limits: Limits) -> Contents:
    """Read a single array: a table with a row per image, its label and its pixels."""
    table = array_in(data)
    if table.ndim != 2 or table.dtype.kind not in "buif":
        raise Refusal(
            f"holds one array of shape {table.shape} ({table.dtype}), in which there is no place for labels. "
            "Save images and labels together: numpy.savez(file, images=…, labels=…)."
        )
    return Contents("NumPy table (.npy)", [table_part(table, counted(""))])


def array_in(data: bytes) -> np.ndarray:
    """Return the array in the bytes of an .npy file, as a view; raise `Refusal` if it is damaged or holds objects."""
    file = io.BytesIO(data)
    try:
        shape, by_columns, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except Exception:  # a header is a Python literal, and a broken one raises nearly anything
        raise Refusal("is damaged: an array in it does not begin as one of NumPy's does. Save it again.") from None
    if dtype.hasobject:
        raise Refusal("holds an array of Python objects, which could be anything. Save plain numbers.")
    size = math.prod(shape) * dtype.itemsize
    if dtype.itemsize == 0 or len(shape) > 8 or min(shape, default=0) < 0 or size != len(data) - file.tell():
        raise Refusal(
            f"is damaged or cut off: an array says to have the shape {shape[:8]} ({dtype}), "
            f"but {len(data) - file.tell():,} bytes follow. Save or copy it again."
        )
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if by_columns else "C")


def _own(archive: Archive, limits: Limits) -> Contents:
    images, labels, test = (_member(archive, name) for name in ("images", "labels", "test"))
    writers = tuple(str(writer)[:_WRITER_LENGTH] for writer in _member(archive, "writers").reshape(-1).tolist())
    shapes = images.ndim == 3 and images.dtype == np.uint8 and test.dtype == bool
    if not shapes or not labels.shape == test.shape == (len(images),) or len(writers) not in (0, len(images)):
        raise Refusal("calls itself an export of this app, but its arrays do not fit together. Export it again.")
    parts = parts_of({"images": images, "labels": labels}, limits)
    return Contents("Digits Lab export (.npz)", parts, test=test.copy(), writers=writers)


def _member(archive: Archive, name: str) -> np.ndarray:
    return array_in(archive.read(f"{name}.npy"))
