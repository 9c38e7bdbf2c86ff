"""Files of digits as they come: pickles, .pt, .npz, CSV, IDX, zips of pictures. Read safely, or refused by name."""

from __future__ import annotations

from digits_core.data.readers.file_contents import Problem, Reading
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.sandbox import read_file

FORMATS = {
    "Pickle": ("pkl", "pickle"),
    "PyTorch": ("pt", "pth"),
    "NumPy": ("npz", "npy"),
    "CSV": ("csv",),
    "Zip of IDX files, or of pictures in folders 0 to 9": ("zip",),
    "Gzip of one of these": ("gz",),
}
"""What can be read, with the endings that such files have."""
EXTENSIONS = tuple(ending for endings in FORMATS.values() for ending in endings)
"""What an upload may be called. The contents decide what a file is read as; the name only how it is spoken of."""

__all__ = ["EXTENSIONS", "FORMATS", "Limits", "Problem", "Reading", "read_file"]
