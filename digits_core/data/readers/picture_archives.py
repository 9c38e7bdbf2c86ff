"""A zip of pictures in folders 0 to 9, which are their labels, optionally inside folders train and test."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from digits_core.data.picture import read_picture_here
from digits_core.data.readers.archives import Archive, DamagedMember
from digits_core.data.readers.file_contents import SPLITS, Contents, Part, Refusal, Unusable, split_named
from digits_core.data.readers.limits import Limits
from digits_core.errors import PictureError

SIDE = 28
"""Side in pixels of the square that pictures of different sizes are fitted into, as in MNIST."""
_NOT_PICTURES = {".txt", ".md", ".csv", ".json", ".xml", ".html", ".pdf"}
_ARCHIVES = {".zip", ".gz", ".tar", ".7z", ".rar", ".tgz", ".bz2", ".xz"}
_NUMBERS = re.compile(r"([0-9]+)")


def is_picture_zip(archive: Archive) -> bool:
    return any(_label(name) is not None for name in archive.names)


def read_picture_zip(archive: Archive, limits: Limits) -> Contents:
    """Read a zip of pictures; if their sizes differ, fit all into one square and keep their proportions."""
    labels = _labels(archive)
    images = _read_all(archive, labels, limits)
    sizes = {image.shape for image in images if isinstance(image, np.ndarray)}
    changes: tuple[str, ...] = ()
    if len(sizes) > 1:
        images = [fitted(image) if isinstance(image, np.ndarray) else image for image in images]
        changes = (f"Pictures of {len(sizes):,} sizes are fitted into {SIDE} × {SIDE} pixels, proportions kept.",)
    return Contents("Pictures in folders", _parts(labels, images), changes)


def fitted(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Centre a picture, uint8 (H, W), on a square of its own paper colour, scaled so that it touches two edges."""
    height, width = image.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    square = Image.new("L", (side, side), int(np.median(border)))
    square.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)


def _labels(archive: Archive) -> dict[str, int | None]:
    """Return the label of each member that is meant to be a picture, unlike a text file next to the folders."""
    labels = {}
    for name in sorted(archive.names, key=_natural):
        label = _label(name)
        if label is not None or PurePosixPath(name).suffix.lower() not in _NOT_PICTURES:
            labels[name] = label
    return labels


def _read_all(archive: Archive, labels: dict[str, int | None], limits: Limits) -> list[np.ndarray | Unusable]:
    images: list[np.ndarray | Unusable] = []
    pixels = 0
    for name, label in labels.items():
        try:
            image = _read(archive, name, label, limits)
            images.append(image)
            pixels += image.size
        except Unusable as reason:
            images.append(reason)
        if pixels > limits.pixels:
            raise Refusal(f"holds more than the {limits.pixels:,} pixels that are read.")
    return images


def _read(archive: Archive, name: str, label: int | None, limits: Limits) -> np.ndarray:
    if PurePosixPath(name).suffix.lower() in _ARCHIVES:
        raise Unusable("it is an archive inside the archive, which is not opened")
    if label is None:
        raise Unusable("it is in no folder named 0 to 9")
    try:
        image = np.asarray(read_picture_here(archive.read(name), "it", limits.side**2))
    except DamagedMember:
        raise Unusable("it is damaged: it cannot be unpacked") from None
    except PictureError as error:
        raise Unusable(str(error).rstrip(".")) from None
    if max(image.shape) > limits.side:
        raise Unusable(f"it is {image.shape[1]:,} × {image.shape[0]:,} pixels; {limits.side:,} a side are read")
    return image


def _parts(labels: dict[str, int | None], images: list[np.ndarray | Unusable]) -> list[Part]:
    """Build one part per split, so that entries have the same names as in the file."""
    splits = [_split(name) for name in labels]
    parts = []
    for split in sorted({*splits}, key=SPLITS.index):
        chosen = [name for name, each in zip(labels, splits, strict=True) if each == split]
        part_images = [image for image, each in zip(images, splits, strict=True) if each == split]
        parts.append(Part(split, part_images, [labels[name] for name in chosen], chosen.__getitem__))
    return parts


def _label(name: str) -> int | None:
    """Return the digit that names the innermost folder named by a digit; None if there is none."""
    folders = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    digits = [folder for folder in folders if len(folder) == 1 and folder in "0123456789"]
    return int(digits[-1]) if digits else None


def _split(name: str) -> str:
    return next(filter(None, map(split_named, PurePosixPath(name.replace("\\", "/")).parts[:-1])), "")


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts "2.png" before "10.png": of two numbers, the one with fewer digits is smaller."""
    pieces = _NUMBERS.split(name)  # every second one a number
    return [(len(piece.lstrip("0")), piece) if place % 2 else (0, piece) for place, piece in enumerate(pieces)]
