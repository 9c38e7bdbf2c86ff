"""What kind of file it is, by its first bytes and not by its name, and then to the reader of that kind.

This runs in a process of its own (see `sandbox`), whose limits hold whatever the readers overlook.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from digits_core.data.readers.archives import Archive, gunzipped
from digits_core.data.readers.assemble import assembled
from digits_core.data.readers.file_contents import Reading, Refusal
from digits_core.data.readers.idx import is_idx, read_idx_zip, single_idx
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.numpy_files import MAGIC as NUMPY_MAGIC
from digits_core.data.readers.numpy_files import read_npy, read_npz
from digits_core.data.readers.pickles import parts_of
from digits_core.data.readers.picture_archives import is_picture_zip, read_picture_zip
from digits_core.data.readers.tables import read_csv
from digits_core.data.readers.torch_files import is_legacy, read_legacy, read_torch_zip
from digits_core.data.readers.unpickling import unpickled

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_PICKLE_ENDINGS = {".pkl", ".pickle", ".pt", ".pth"}
_OTHERS = {
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"\xcf\xfa\xed\xfe": "a program",
    b"#!": "a program",
    b"\xca\xfe\xba\xbe": "a program",
    b"%PDF": "a PDF",
    b"<": "a web page or drawing (HTML, XML, SVG)",
    b"SQLite format 3": "a database",
    b"Rar!": "a RAR archive: make a zip of it",
    b"7z\xbc\xaf": "a 7z archive: make a zip of it",
    b"BZh": "a bzip2 archive: make a zip of it",
    b"\xfd7zXZ": "an xz archive: make a zip of it",
    b"\x89HDF": "an HDF5 file: save its arrays with numpy.savez",
    b"PAR1": "a Parquet file: save it as CSV",
    b"\x89PNG": "one picture",
    b"\xff\xd8\xff": "one picture",
    b"GIF8": "one picture",
    b"RIFF": "one picture",
    b"BM": "one picture",
    b"II*\0": "one picture",
    b"MM\0*": "one picture",
}
_PICTURE = "one picture, not a set of digits: zip folders named 0 to 9, or add it on the Handwriting page"
_UNKNOWN = "is not a supported file type. Supported: pickle, .pt, .npz, .npy, CSV, zip of IDX files or of pictures."
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def parse(data: bytes, name: str, limits: Limits) -> Reading:
    """What a file holds; `Refusal`, whose text goes on after the file's name, where that cannot be had.

    `name` tells by its ending where the contents do not: the oldest pickles look like text.
    """
    if data.startswith(_GZIP):
        data, name = _no_archive(gunzipped(data, limits)), name.removesuffix(".gz")
    if not data:
        raise Refusal("is empty. Choose a file that holds digits.")
    if data.startswith(_ZIP):
        return _read_zip(Archive(data, limits), limits)
    if data.startswith(NUMPY_MAGIC):
        return read_npy(data, limits)
    if is_legacy(data):
        return _read_objects("PyTorch file", read_legacy(data, limits), limits)
    if data[0] == 0x80 or PurePath(name).suffix.lower() in _PICKLE_ENDINGS:
        return _read_objects("Pickle", unpickled(data), limits)
    if is_idx(data):
        raise single_idx(data)
    return _read_text(data, limits)


def _read_zip(archive: Archive, limits: Limits) -> Reading:
    names = archive.names
    if not names:
        raise Refusal("is an empty archive.")
    if pickled := next((name for name in names if name == "data.pkl" or name.endswith("/data.pkl")), None):
        return _read_objects("PyTorch file", read_torch_zip(archive, pickled), limits)
    if not is_picture_zip(archive) and len(names) == 1:  # as some systems pack whatever is sent
        (name,) = names
        return parse(_no_archive(archive.read(name)), name, limits)
    if any(name.endswith(".npy") for name in names):
        return read_npz(archive, limits)
    if not is_picture_zip(archive) and any(_named_idx(name) for name in names):
        return read_idx_zip(archive, limits)
    return read_picture_zip(archive, limits)


def _no_archive(data: bytes) -> bytes:
    """What was unpacked, which is not unpacked again: bombs are built of archives in archives."""
    if data.startswith((*_ZIP, _GZIP)):
        raise Refusal("is an archive inside an archive. Unpack it once and choose what is inside.")
    return data


def _read_objects(kind: str, thing: object, limits: Limits) -> Reading:
    what, parts = parts_of(thing, limits)
    return assembled(f"{kind} of {what}", parts, limits)


def _read_text(data: bytes, limits: Limits) -> Reading:
    for beginning, what in _OTHERS.items():
        if data.lstrip().startswith(beginning):
            raise Refusal(f"is {_PICTURE if what == 'one picture' else what}. It holds no digits that are read here.")
    if _CONTROL.search(data[:4096]):
        raise Refusal(_UNKNOWN)
    return read_csv(data, limits)


def _named_idx(name: str) -> bool:
    return re.search(r"idx|ubyte", name.lower()) is not None
