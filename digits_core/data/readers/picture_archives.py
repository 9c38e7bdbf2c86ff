"""A zip of pictures in folders 0 to 9, which are their labels; within folders train and test, or without."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from digits_core.data.picture import read_picture_here
from digits_core.data.readers.archives import Archive, DamagedMember
from digits_core.data.readers.assemble import assembled
from digits_core.data.readers.file_contents import Reading, Refusal, Unusable
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.parts import Part, split_named
from digits_core.errors import PictureError

SIDE = 28
"""Of the square that pictures of different sizes are fitted into, as MNIST's."""
_NOT_PICTURES = {".txt", ".md", ".csv", ".json", ".xml", ".html", ".pdf"}
_ARCHIVES = {".zip", ".gz", ".tar", ".7z", ".rar", ".tgz", ".bz2", ".xz"}
_NUMBERS = re.compile(r"([0-9]+)")
_FOLDERS = (
    "holds no pictures in folders named 0 to 9, no arrays and no IDX files. "
    "Put the pictures of each digit into a folder with its name, and zip those folders."
)


def is_picture_zip(archive: Archive) -> bool:
    return any(_label(name) is not None for name in archive.names)


def read_picture_zip(archive: Archive, limits: Limits) -> Reading:
    """Pictures of one size are kept at it; else all are fitted into one square, their proportions kept."""
    names = sorted((name for name in archive.names if _counts(name)), key=_natural)
    if not any(_label(name) is not None for name in names):
        raise Refusal(_FOLDERS)
    images = _read_all(archive, names, limits)
    sizes = {image.shape for image in images if isinstance(image, np.ndarray)}
    changes: tuple[str, ...] = ()
    if len(sizes) > 1:
        images = [fitted(image) if isinstance(image, np.ndarray) else image for image in images]
        changes = (f"Pictures of {len(sizes):,} sizes are fitted into {SIDE} × {SIDE} pixels, proportions kept.",)
    return replace(assembled("Pictures in folders", _parts(names, images), limits, changes), writers=())


def fitted(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A picture uint8 (H, W) in the middle of a square of its own paper, scaled to touch two of its edges."""
    height, width = image.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    square = Image.new("L", (side, side), int(np.median(border)))
    square.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)


def _read_all(archive: Archive, names: list[str], limits: Limits) -> list[np.ndarray | Unusable]:
    images: list[np.ndarray | Unusable] = []
    pixels = 0
    for name in names:
        try:
            image = _read(archive, name, limits)
            images.append(image)
            pixels += image.size
        except Unusable as reason:
            images.append(reason)
        if pixels > limits.pixels:
            raise Refusal(f"holds more than the {limits.pixels:,} pixels that are read.")
    return images


def _read(archive: Archive, name: str, limits: Limits) -> np.ndarray:
    if PurePosixPath(name).suffix.lower() in _ARCHIVES:
        raise Unusable("it is an archive inside the archive, which is not opened")
    if _label(name) is None:
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


def _parts(names: list[str], images: list[np.ndarray | Unusable]) -> list[Part]:
    """One part per split, so that entries are named as in the file."""
    splits = [_split(name) for name in names]
    parts = []
    for split in dict.fromkeys(sorted(splits, key=("train", "validation", "", "test").index)):
        members = [place for place, each in enumerate(splits) if each == split]
        chosen = [names[place] for place in members]
        part_images = [images[place] for place in members]
        parts.append(Part(split, part_images, [_label(name) for name in chosen], chosen.__getitem__))
    return parts


def _counts(name: str) -> bool:
    """Whether a member is meant to be a picture: a note beside the folders is not."""
    return _label(name) is not None or PurePosixPath(name).suffix.lower() not in _NOT_PICTURES


def _label(name: str) -> int | None:
    """The digit that names the innermost folder that is named by one."""
    folders = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    digits = [folder for folder in folders if len(folder) == 1 and folder in "0123456789"]
    return int(digits[-1]) if digits else None


def _split(name: str) -> str:
    return next(filter(None, map(split_named, PurePosixPath(name.replace("\\", "/")).parts[:-1])), "")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts "2.png" before "10.png": of two numbers the one with fewer digits is smaller."""
    pieces = _NUMBERS.split(name)  # every second one a number
    return [(len(piece.lstrip("0")), piece) if place % 2 else (0, piece) for place, piece in enumerate(pieces)]
