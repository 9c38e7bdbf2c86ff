"""Readers of digit files: pickles, .pt, .npz, CSV, IDX, zips of pictures. Each is read safely, or refused by name."""

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
"""The formats that can be read, with their file extensions."""
EXTENSIONS = tuple(ending for endings in FORMATS.values() for ending in endings)
"""The extensions that an upload may have. The contents decide how a file is read; its name is only for messages."""

__all__ = ["EXTENSIONS", "FORMATS", "Limits", "Problem", "Reading", "read_file"]
