"""MNIST in full: read from the home folder, and downloaded into it on request."""

from __future__ import annotations

import hashlib
import http.client
import math
import struct
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.home import beside

IMAGES = {"train": 60_000, "t10k": 10_000}
"""The two parts of MNIST, training and test, and how many images each has."""
SIDE = 28
_, LABELS = PIXELS_AND_LABELS = ("images-idx3", "labels-idx1")
CHUNK = 2**16
TIMEOUT_S = 20

UNDELIVERED = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, zlib.error, ValueError)
"""Exceptions raised if a mirror is unreachable, breaks off or sends something else: the next one is tried."""

Report = Callable[[float], None]
Cancelled = Callable[[], bool]


def read(downloads: Path) -> Digits:
    """Return 70,000 digits, uint8 (N, 28, 28), with MNIST's own split, from the downloaded files."""
    if not is_here(downloads):
        raise DatasetError("MNIST in full is not downloaded yet: the Data page has a button for it.")
    images, labels = (np.concatenate([_read(downloads, part, kind) for part in IMAGES]) for kind in PIXELS_AND_LABELS)
    test = np.arange(len(images)) >= IMAGES["train"]
    return Digits("mnist", images, labels.astype(np.int64), test)


def is_here(downloads: Path) -> bool:
    """Return True if all four files are complete: one left half written by a killed process is not."""
    return all(_is_whole(downloads, part, kind) for part in IMAGES for kind in PIXELS_AND_LABELS)


def download(downloads: Path, report: Report = lambda _: None, cancelled: Cancelled = lambda: False) -> None:
    """Download the missing files from torchvision's mirrors.

    `report` is called with the fraction done, 0 to 1. A file gets its name when it is complete and its MD5 sum is
    right, so nothing half written or damaged is ever taken for MNIST. Raises `DatasetError` if no mirror delivers a
    file or it cannot be stored; returns early once `cancelled` returns True.
    """
    from torchvision.datasets import MNIST  # seconds to import, and only its addresses and sums are needed

    total = sum(_size(part, kind) for part in IMAGES for kind in PIXELS_AND_LABELS)
    done = 0
    for archive, md5 in MNIST.resources:
        part, kind = archive.removesuffix("-ubyte.gz").split("-", 1)
        target = _file(downloads, part, kind)
        if not _is_whole(downloads, part, kind):
            start = done
            try:
                _fetch(
                    [mirror + archive for mirror in MNIST.mirrors],
                    md5,
                    target,
                    _size(part, kind),
                    partial(_report_share, report, start, total),
                    cancelled,
                )
            except OSError as error:
                raise DatasetError(f"MNIST could not be kept: {error.strerror or error}. Nothing is lost.") from error
        if cancelled():
            return
        done += _size(part, kind)
        report(done / total)


class Download:
    """A download shared by all sessions: started once, watched and cancelled from any of them."""

    def __init__(self, downloads: Path) -> None:
        self._downloads = downloads
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()
        self.share = 0.0
        self.error: DatasetError | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the download, unless it is already running."""
        with self._lock:
            if self.running:
                return
            self._cancel.clear()
            self.share, self.error = 0.0, None
            self._thread = threading.Thread(target=self._run, name="mnist-download", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Cancel the download; complete files stay, the file in progress is discarded."""
        self._cancel.set()

    def wait(self, seconds: float) -> None:
        """Wait until the download has ended, for at most `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            download(self._downloads, self._note, self._cancel.is_set)
        except DatasetError as error:
            self.error = error

    def _note(self, share: float) -> None:
        self.share = share


def _report_share(report: Report, start: int, total: int, written: int) -> None:
    report((start + written) / total)


def _fetch(
    addresses: list[str], md5: str, target: Path, size: int, report: Callable[[int], None], cancelled: Cancelled
) -> None:
    """Download and unpack `target` from the first address that delivers it complete; nothing is left if cancelled."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = beside(target)
    try:
        for address in addresses:
            try:
                complete = _unpack(address, md5, part, size, report, cancelled)
            except UNDELIVERED:
                continue
            if complete:
                part.replace(target)
            return
    finally:
        part.unlink(missing_ok=True)
    raise DatasetError(
        "MNIST could not be downloaded. Check the internet connection and try again; "
        "the built-in datasets work without one."
    )


def _unpack(
    address: str, md5: str, target: Path, size: int, report: Callable[[int], None], cancelled: Cancelled
) -> bool:
    """Download a gzip file, unpacking it as it arrives.

    Returns False if it was cancelled; raises `ValueError` if the content is not MNIST.
    """
    packed = hashlib.md5(usedforsecurity=False)
    unpacker = zlib.decompressobj(wbits=31)
    written = 0
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer, target.open("wb") as file:
        while chunk := answer.read(CHUNK):
            if cancelled():
                return False
            packed.update(chunk)
            content = unpacker.decompress(chunk, size + 1 - written)
            written += len(content)
            if written > size:
                raise ValueError(f"{address} holds more than {size} bytes")
            file.write(content)
            report(written)
    if written != size or packed.hexdigest() != md5:
        raise ValueError(f"{address} is not what it should be")
    return True


def _file(downloads: Path, part: str, kind: str) -> Path:
    return downloads / "MNIST" / "raw" / f"{part}-{kind}-ubyte"


def _shape(part: str, kind: str) -> tuple[int, ...]:
    return (IMAGES[part],) if kind == LABELS else (IMAGES[part], SIDE, SIDE)


def _header(part: str, kind: str) -> bytes:
    """Return the header of an IDX file of bytes: two zeros, type (8), number of dimensions, big-endian sizes."""
    shape = _shape(part, kind)
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)


def _size(part: str, kind: str) -> int:
    return len(_header(part, kind)) + math.prod(_shape(part, kind))


def _is_whole(downloads: Path, part: str, kind: str) -> bool:
    """Return True if a file has its full length and its header."""
    path, header = _file(downloads, part, kind), _header(part, kind)
    if not path.is_file() or path.stat().st_size != _size(part, kind):
        return False
    with path.open("rb") as file:
        return file.read(len(header)) == header


def _read(downloads: Path, part: str, kind: str) -> np.ndarray:
    raw = _file(downloads, part, kind).read_bytes()
    return np.frombuffer(raw, dtype=np.uint8, offset=len(_header(part, kind))).reshape(_shape(part, kind))
