"""All handwriting as one file, without loss: an `.npz` of plain arrays, which `numpy.load` reads as well.

    images uint8 (N, 28, 28), the ink centred · labels uint8 (N,) · test bool (N,)
    created float64 (N,), seconds since 1970 · writers, sources: text (N,)
    drawings uint8 (bytes,), the PNGs one after another · drawing_ends int64 (N,)
    papers uint8 (bytes,), one after another, each 112×112 pixels compressed by zlib: the ink where it was written
    paper_ends int64 (N,)

Archives from before paper was stored have the first eight; a sample from that time has a paper of length 0.

An imported file is not trusted: every size is checked against the actual data before memory is allocated for it,
nothing in it is run, and a file that differs from the above is refused as a whole.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence

import numpy as np

from digits_core.data import papers
from digits_core.data.digits import CLASSES
from digits_core.data.handwriting_store import SIZE, SOURCES, NewSample
from digits_core.errors import DatasetError

MAX_BYTES = 100 * 2**20
MAX_UNPACKED = 256 * 2**20
MAX_SAMPLES = 100_000
MAX_TEXT = 120
MAX_DRAWING = 4 * 2**20

_PNG = b"\x89PNG\r\n\x1a\n"
_SINCE_PAPER = {"papers", "paper_ends"}
_JOINED = {"drawings", "papers"}
_LATEST = 1e11  # seconds since 1970, in the year 5138
_KINDS = {
    "images": "u1",
    "labels": "u1",
    "test": "b1",
    "created": "f8",
    "writers": "U",
    "sources": "U",
    "drawings": "u1",
    "drawing_ends": "i8",
    "papers": "u1",
    "paper_ends": "i8",
}


class _Wrong(Exception):
    """What is wrong with an archive, as the end of a sentence."""


def pack(samples: Sequence[NewSample]) -> bytes:
    """Return the archive of these samples, whose `test` and `created` must be set."""
    buffer = io.BytesIO()
    kept = [sample.paper for sample in samples]
    np.savez_compressed(
        buffer,
        images=np.array([sample.image for sample in samples], dtype=np.uint8).reshape(-1, SIZE, SIZE),
        labels=np.array([sample.label for sample in samples], dtype=np.uint8),
        test=np.array([sample.test for sample in samples], dtype=bool),
        created=np.array([sample.created for sample in samples], dtype=np.float64),
        writers=np.array([sample.writer for sample in samples], dtype=np.str_),
        sources=np.array([sample.source for sample in samples], dtype=np.str_),
        drawings=np.frombuffer(b"".join(sample.drawing for sample in samples), dtype=np.uint8),
        drawing_ends=np.cumsum([len(sample.drawing) for sample in samples], dtype=np.int64),
        papers=np.frombuffer(b"".join(kept), dtype=np.uint8),
        paper_ends=np.cumsum([len(paper) for paper in kept], dtype=np.int64),
    )
    return buffer.getvalue()


def unpack(data: bytes, name: str = "the file") -> list[NewSample]:
    """Return the samples in an archive; raises `DatasetError`, naming the file and the reason, for anything else."""
    try:
        if len(data) > MAX_BYTES:
            raise _Wrong(f"it has more than {MAX_BYTES // 2**20} MiB")
        return _samples(_arrays(data))
    except _Wrong as wrong:
        reason = str(wrong)
    except Exception:  # the readers of zip files and array headers raise nearly anything on damaged ones
        reason = "it is damaged, or no archive at all"
    raise DatasetError(
        f"{name[:1].upper()}{name[1:]} is not an export of handwriting: {reason}. Nothing was imported. Choose a file "
        "that the Handwriting page has exported."
    )


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = sorted(entry.filename for entry in entries)
        if names not in [sorted(f"{name}.npy" for name in each) for each in (_KINDS, _KINDS.keys() - _SINCE_PAPER)]:
            raise _Wrong(f"it does not hold the arrays {', '.join(_KINDS)} and nothing else")
        if any(entry.flag_bits & 1 for entry in entries):
            raise _Wrong("it is encrypted")
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise _Wrong(f"it unpacks to more than {MAX_UNPACKED // 2**20} MiB")
        contents = {}
        for entry in entries:
            with archive.open(entry) as file:
                # Limit the read: all that an entry with a false size unpacks to would be in memory before it is cut.
                contents[entry.filename.removesuffix(".npy")] = file.read(entry.file_size)
    return {name: _array(name, content) for name, content in contents.items()}


def _array(name: str, content: bytes) -> np.ndarray:
    """Read one `.npy`, checking its header before its data; arrays of objects are refused."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise _Wrong(f"its array {name} has another format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    kind = dtype.kind if dtype.kind == "U" else f"{dtype.kind}{dtype.itemsize}"
    if kind != _KINDS[name] or not dtype.isnative or fortran or dtype.itemsize > 4 * MAX_TEXT:
        raise _Wrong(f"its array {name} has the type {dtype}")
    if shape[1:] != ((SIZE, SIZE) if name == "images" else ()) or not shape:
        raise _Wrong(f"its array {name} has the shape {shape}")
    if len(content) - file.tell() != math.prod(shape) * dtype.itemsize:
        raise _Wrong(f"its array {name} is cut off")
    return np.frombuffer(content, dtype=dtype, offset=file.tell()).reshape(shape)


def _samples(arrays: dict[str, np.ndarray]) -> list[NewSample]:
    count = len(arrays["images"])
    if count > MAX_SAMPLES:
        raise _Wrong(f"it holds more than {MAX_SAMPLES:,} digits")
    if any(len(array) != count for name, array in arrays.items() if name not in _JOINED):
        raise _Wrong("its arrays are not equally long")
    if count and arrays["labels"].max() >= CLASSES:
        raise _Wrong("not all its labels are digits from 0 to 9")
    if not np.all((arrays["created"] >= 0) & (arrays["created"] < _LATEST)):
        raise _Wrong("not all its times are times")
    if not set(arrays["sources"].tolist()) <= set(SOURCES):
        raise _Wrong("not all its sources are known here")
    drawings = _parts(arrays["drawings"], arrays["drawing_ends"], "drawings")
    if not all(drawing.startswith(_PNG) for drawing in drawings if drawing):
        raise _Wrong("not all its drawings are PNG pictures")
    kept = _parts(arrays["papers"], arrays["paper_ends"], "papers") if "papers" in arrays else [b""] * count
    labels, writers, sources, test, created = (
        arrays[name].tolist() for name in ("labels", "writers", "sources", "test", "created")
    )
    papers = map(_checked_paper, kept)
    rows = zip(arrays["images"], labels, writers, sources, drawings, test, created, papers, strict=True)
    return [NewSample(*row) for row in rows]


def _parts(together: np.ndarray, ends: np.ndarray, name: str) -> list[bytes]:
    """Split the concatenated parts at the position where each ends."""
    lengths = np.diff(ends, prepend=np.int64(0))
    if np.any(lengths < 0) or np.any(lengths > MAX_DRAWING) or (ends[-1] if len(ends) else 0) != len(together):
        raise _Wrong(f"its {name} do not end where it says")
    content = together.tobytes()
    return [content[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def _checked_paper(content: bytes) -> bytes:
    try:
        if content:
            papers.unpacked(content)  # stays compressed: all of them unpacked may not fit in memory
    except DatasetError as error:
        raise _Wrong("not all its papers have 112 × 112 pixels") from error
    return content
