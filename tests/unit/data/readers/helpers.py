"""Files in the forms that people bring, made from real digits; and reading them without the sandbox."""

import gzip
import io
import pickle
import struct
import zipfile

import numpy as np
import torch
from PIL import Image

from digits_core.data.digits import Digits
from digits_core.data.readers.file_contents import Reading
from digits_core.data.readers.limits import MIB, Limits
from digits_core.data.readers.parse import parse

SMALL = Limits(file_bytes=4 * MIB, unpacked_bytes=16 * MIB, entries=2_000, pixels=1_000_000)
"""Limits that a test reaches without growing large itself."""


def read(data: bytes, name: str = "digits.pkl", limits: Limits = SMALL) -> Reading:
    return parse(data, name, limits)


def levels(digits: Digits) -> np.ndarray:
    """The 8×8 digits as they were counted, 0 to 16: what the lecture's pickle holds."""
    return np.rint(digits.images / 255 * 16).astype(np.uint8)


def tuples(images: np.ndarray, labels: np.ndarray) -> list[tuple]:
    """The lecture's list: tensors of their own and ints."""
    return [(torch.from_numpy(image.copy()), int(label)) for image, label in zip(images, labels, strict=True)]


def torch_file(thing: object, legacy: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(thing, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    return zipped({f"{name}.npy": npy(array) for name, array in arrays.items()})


def csv(images: np.ndarray, labels: np.ndarray, names: bool = True) -> bytes:
    """As Kaggle's digit recogniser has it."""
    table = np.concatenate([labels[:, None], images.reshape(len(images), -1)], axis=1)
    lines = [",".join(map(str, row)) for row in table.tolist()]
    header = ["label," + ",".join(f"pixel{place}" for place in range(table.shape[1] - 1))] if names else []
    return "\n".join([*header, *lines, ""]).encode()


def idx(array: np.ndarray) -> bytes:
    """The bytes (uint8) of an array as an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def lecture_pickle(digits: Digits) -> bytes:
    return pickle.dumps(tuples(digits.images, digits.labels))


def one_of_each(digits: Digits) -> dict[str, bytes]:
    """A small valid file of each kind."""
    images, labels = digits.images[:12], digits.labels[:12].astype(np.uint8)
    pairs = tuples(images, labels)
    arrays = list(zip(images, labels.tolist(), strict=True))
    pictures = [(Image.fromarray(image), int(label)) for image, label in zip(images, labels, strict=True)]
    table = csv(images, labels)
    return {
        "tensors.pkl": pickle.dumps(pairs),
        "old.pkl": pickle.dumps(pairs, protocol=0),
        "arrays.pkl": pickle.dumps({"train": arrays[:8], "test": arrays[8:]}, protocol=5),
        "pictures.pkl": pickle.dumps(pictures, protocol=2),
        "zip.pt": torch_file(pairs),
        "legacy.pth": torch_file(pairs, legacy=True),
        "arrays.npz": npz(images=images, labels=labels),
        "table.npy": npy(np.concatenate([labels[:, None], images.reshape(12, -1)], axis=1)),
        "table.csv": table,
        "table.csv.gz": gzip.compress(table, mtime=0),
        "idx.zip": zipped({"train-images-idx3-ubyte": idx(images), "train-labels-idx1-ubyte": idx(labels)}),
        "pictures.zip": zipped({f"{label}/{n}.png": png(image) for n, (image, label) in enumerate(arrays)}),
    }
