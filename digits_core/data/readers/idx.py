"""IDX, MNIST's file format: two zero bytes, the type, the number of dimensions, their big-endian sizes, the values.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits". Images and labels are two files.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

import numpy as np

from digits_core.data.readers.archives import GZIP, Archive, gunzipped
from digits_core.data.readers.file_contents import SPLITS, Contents, Part, Refusal, counted, split_within
from digits_core.data.readers.limits import Limits

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAMED = re.compile(r"idx|ubyte")


def is_idx(data: bytes) -> bool:
    """Return True if the bytes begin like an IDX file; the rest is not checked."""
    return len(data) >= 4 and data[:2] == b"\0\0" and data[2] in _TYPES and 1 <= data[3] <= 4


def is_idx_zip(archive: Archive) -> bool:
    return any(_NAMED.search(name.lower()) for name in archive.names)


def refuse_single_idx(data: bytes, limits: Limits) -> NoReturn:
    """Raise `Refusal`, saying what a single IDX file lacks."""
    what = "images without their labels" if idx_array(data, "it").ndim > 1 else "labels without their images"
    raise Refusal(f"is one IDX file: {what}. Put the images and the labels file into one zip and choose that.")


def read_idx_zip(archive: Archive, limits: Limits) -> Contents:
    """Read a zip of image and label files, one pair or a pair each for train and test; each file may be gzipped."""
    images: dict[str, np.ndarray] = {}
    labels: dict[str, np.ndarray] = {}
    for name in archive.names:
        data = archive.read(name)
        if data.startswith(GZIP):
            data = gunzipped(data, limits)
        if is_idx(data):
            array = idx_array(data, repr(name[:100]))
            kind = images if array.ndim > 1 else labels
            split = split_within(name)
            if split in kind:
                raise Refusal(f"holds several IDX files of one kind, such as {name[:100]!r}: name them train and test.")
            kind[split] = array
    if not images or images.keys() != labels.keys():
        raise Refusal(
            f"holds {len(images)} IDX files of images and {len(labels)} of labels, which do not belong together. "
            "Name them as MNIST does: train-images-idx3-ubyte, train-labels-idx1-ubyte, and t10k- for the test."
        )
    order = sorted(images, key=SPLITS.index)
    return Contents("IDX", [Part(split, images[split], labels[split], counted(split)) for split in order])


def idx_array(data: bytes, name: str) -> np.ndarray:
    """Return the array in an IDX file, as a view; a refusal calls the file `name`."""
    start = 4 + 4 * data[3]
    shape = tuple(np.frombuffer(data[4:start], ">u4").tolist()) if len(data) >= start else ()
    dtype = np.dtype(_TYPES[data[2]])
    if len(shape) != data[3] or math.prod(shape) * dtype.itemsize != len(data) - start:
        said = " × ".join(f"{side:,}" for side in shape) or "nothing"
        raise Refusal(
            f"is damaged or cut off: {name} says to hold {said} values, "
            f"but {max(0, len(data) - start):,} bytes follow. Copy or download it again."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
