"""From a file's bytes to a `Reading`: detect the kind of file, let its reader read it, interpret what it found.

The kind is detected from the first bytes, not from the name. This runs in a separate process (see `sandbox`), whose
limits hold even if a reader overlooks something.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import NoReturn

from digits_core.data.readers.archives import GZIP, ZIP, Archive, gunzipped
from digits_core.data.readers.assemble import assembled
from digits_core.data.readers.file_contents import Contents, Reading, Refusal
from digits_core.data.readers.idx import is_idx, is_idx_zip, read_idx_zip, refuse_single_idx
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.numpy_files import NPY, is_npz, read_npy, read_npz
from digits_core.data.readers.pickles import contents_of
from digits_core.data.readers.picture_archives import is_picture_zip, read_picture_zip
from digits_core.data.readers.tables import read_csv
from digits_core.data.readers.torch_files import is_legacy, is_torch_zip, read_legacy, read_torch_zip
from digits_core.data.readers.unpickling import unpickled

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
_NO_DIGITS = (
    "holds no pictures in folders named 0 to 9, no arrays and no IDX files. "
    "Put the pictures of each digit into a folder with its name, and zip those folders."
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def parse(data: bytes, name: str, limits: Limits) -> Reading:
    """Return what a file holds; raise `Refusal`, whose text continues after the file's name, if it cannot be read."""
    return assembled(_contents(data, name, limits), limits)


def _contents(data: bytes, name: str, limits: Limits) -> Contents:
    """Unpack a file once, and read it by the first entry of the tables below that recognises it."""
    if data.startswith(ZIP):
        archive = Archive(data, limits)
        if not archive.names:
            raise Refusal("is an empty archive.")
        if not _is_single_file(archive):
            for knows_zip, read_zip in _ZIPS:
                if knows_zip(archive):
                    return read_zip(archive, limits)
            raise Refusal(_NO_DIGITS)
        (name,) = archive.names
        data = _no_archive(archive.read(name))
    elif data.startswith(GZIP):
        data, name = _no_archive(gunzipped(data, limits)), name.removesuffix(".gz")
    if not data:
        raise Refusal("is empty. Choose a file that holds digits.")
    ending = PurePath(name).suffix.lower()
    for knows, read in _FILES:
        if knows(data, ending):
            return read(data, limits)
    raise Refusal(_UNKNOWN)


def _is_single_file(archive: Archive) -> bool:
    """Return True if a zip merely wraps one file, as some systems pack whatever is sent."""
    return len(archive.names) == 1 and not is_torch_zip(archive) and not is_picture_zip(archive)


def _no_archive(data: bytes) -> bytes:
    """Return unpacked data unchanged; raise `Refusal` if it is an archive: zip bombs are nested archives."""
    if data.startswith((*ZIP, GZIP)):
        raise Refusal("is an archive inside an archive. Unpack it once and choose what is inside.")
    return data


def _refuse_other(data: bytes, limits: Limits) -> NoReturn:
    what = next(what for beginning, what in _OTHERS.items() if data.lstrip().startswith(beginning))
    raise Refusal(f"is {_PICTURE if what == 'one picture' else what}. It holds no digits that are read here.")


_ZIPS: tuple[tuple[Callable[[Archive], bool], Callable[[Archive, Limits], Contents]], ...] = (
    (is_torch_zip, lambda archive, limits: contents_of("PyTorch file", read_torch_zip(archive), limits)),
    (is_npz, read_npz),
    (is_picture_zip, read_picture_zip),
    (is_idx_zip, read_idx_zip),
)
"""How each kind of zip is recognised and read. The first match reads the file."""
_FILES: tuple[tuple[Callable[[bytes, str], bool], Callable[[bytes, Limits], Contents]], ...] = (
    (lambda data, ending: data.startswith(NPY), read_npy),
    (
        lambda data, ending: is_legacy(data),
        lambda data, limits: contents_of("PyTorch file", read_legacy(data, limits), limits),
    ),
    (
        lambda data, ending: data[0] == 0x80 or ending in _PICKLE_ENDINGS,
        lambda data, limits: contents_of("Pickle", unpickled(data), limits),
    ),
    (lambda data, ending: is_idx(data), refuse_single_idx),
    (lambda data, ending: data.lstrip().startswith(tuple(_OTHERS)), _refuse_other),
    (lambda data, ending: not _CONTROL.search(data[:4096]), read_csv),
)
"""The same for other files, recognised by their bytes and by the extension of their name: the oldest pickles look like
text."""
