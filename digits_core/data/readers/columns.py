"""From the lists of a file to columns: images of one size in blocks of one type, labels, and what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from digits_core.data.digits import CLASSES
from digits_core.data.picture import grey
from digits_core.data.readers.file_contents import Part, Refusal, Unusable
from digits_core.data.readers.limits import Limits

_LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue look (ITU-R BT.601, as Pillow's mode "L")."""
_CHANNELS = (1, 3, 4)
_SMALLEST_SIDE = 2
CHUNK = 4096
"""Number of images processed at once, so that copies stay small."""


@dataclass
class Block:
    """Images of one size and type: `values` (n, H, W), and the entry of the file that each belongs to."""

    values: np.ndarray
    entries: np.ndarray


@dataclass
class Columns:
    """All entries of a file, numbered across its lists.

    labels: int64 (N,), -1 for what is not a digit; split: the name of each entry's list; problems: reason by entry.
    """

    parts: list[Part]
    labels: np.ndarray
    split: np.ndarray
    blocks: list[Block]
    problems: dict[int, str] = field(default_factory=dict)
    had_colour: bool = False

    def place(self, entry: int) -> str:
        for part in self.parts:
            if entry < len(part.images):
                return part.place(entry)
            entry -= len(part.images)
        raise IndexError(entry)


def columns_of(parts: list[Part], limits: Limits) -> Columns:
    """Join the parts into columns.

    Images of another size than most, and labels that are not digits, become problems.
    """
    _check_lengths(parts, limits)
    columns = Columns(
        parts,
        np.concatenate([_labels(part.labels) for part in parts]),
        np.concatenate([np.full(len(part.images), part.split, dtype="U10") for part in parts]),
        [],
    )
    start = 0
    for part in parts:
        if isinstance(part.images, np.ndarray):
            _add_array(columns, part.images, start, limits)
        else:
            _add_list(columns, part.images, start, limits)
        start += len(part.images)
    _keep_one_size(columns)
    _name_bad_labels(columns)
    return columns


def _check_lengths(parts: list[Part], limits: Limits) -> None:
    for part in parts:
        if len(part.images) != len(part.labels):
            inside = f" in its {part.split} list" if part.split else ""
            raise Refusal(f"has {len(part.images):,} images, but {len(part.labels):,} labels{inside}.")
    count = sum(len(part.images) for part in parts)
    if count > limits.entries:
        raise Refusal(f"holds {count:,} entries, more than the {limits.entries:,} that are read.")


def _labels(labels: np.ndarray | list[Any]) -> np.ndarray:
    """Return the labels as int64 (N,), -1 for what is not a digit."""
    if isinstance(labels, list):
        return np.array([label if _is_digit(label) else -1 for label in labels], dtype=np.int64)
    if labels.ndim == 2 and labels.shape[1] == CLASSES and labels.dtype.kind in "buif":
        hot = (labels == 1).sum(axis=1) == 1
        return np.where(hot & ((labels == 0).sum(axis=1) == CLASSES - 1), np.argmax(labels == 1, axis=1), -1)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "uifUS":
        raise Refusal(f"has labels of shape {labels.shape} and type {labels.dtype}: not one digit for each image.")
    if labels.dtype.kind in "US":
        texts = [str(text.decode("latin1") if isinstance(text, bytes) else text).strip() for text in labels.tolist()]
        return np.array([int(t) if len(t) == 1 and t.isascii() and t.isdigit() else -1 for t in texts], dtype=np.int64)
    digit = np.isin(labels, np.arange(CLASSES))
    return np.where(digit, np.where(digit, labels, 0).astype(np.int64), -1)


def _is_digit(label: int | Unusable | None) -> bool:
    return type(label) is int and 0 <= label < CLASSES


def _name_bad_labels(columns: Columns) -> None:
    for entry in np.flatnonzero(columns.labels < 0).tolist():
        if entry not in columns.problems:
            columns.problems[entry] = "its label is not a digit from 0 to 9"


def _add_array(columns: Columns, images: np.ndarray, start: int, limits: Limits) -> None:
    """Add images in one array (N, H, W), (N, 1, H, W), (N, H, W, 3), … or (N, H·W)."""
    if images.dtype.kind not in "buif":
        raise Refusal(f"has images of type {images.dtype}: not numbers.")
    if images.size > limits.pixels:
        raise Refusal(f"holds more than the {limits.pixels:,} pixels that are read.")
    size, colours = _layout(images.shape[1:])
    if not _fits(size, limits):
        raise Refusal(f"has images of shape {images.shape[1:]}, which is not the shape of a digit image.")
    if colours is None:
        images = images.reshape(len(images), *size)
    else:
        columns.had_colour = True
        chunks = [images[i : i + CHUNK] for i in range(0, len(images), CHUNK)]
        images = np.concatenate([np.stack([_brightness(image, colours) for image in chunk]) for chunk in chunks])
    columns.blocks.append(Block(images, np.arange(start, start + len(images))))


def _add_list(columns: Columns, images: list[np.ndarray | Unusable], start: int, limits: Limits) -> None:
    """Add a list of images, each an array of its own."""
    groups: dict[tuple[Any, ...], list[tuple[int, np.ndarray]]] = defaultdict(list)
    pixels = 0
    for index, image in enumerate(images):
        if isinstance(image, Unusable):
            columns.problems[start + index] = str(image)
            continue
        size, colours = _layout(image.shape)
        if not _fits(size, limits) or image.dtype.kind not in "buif":
            columns.problems[start + index] = f"its image has the shape {image.shape} ({image.dtype}), none of a digit"
            continue
        pixels += image.size
        if pixels > limits.pixels:
            raise Refusal(f"holds more than the {limits.pixels:,} pixels that are read.")
        columns.had_colour |= colours is not None
        image = image.reshape(size) if colours is None else _brightness(image, colours)
        groups[size, image.dtype].append((start + index, image))
    for members in groups.values():
        entries, plain = zip(*members, strict=True)
        columns.blocks.append(Block(np.stack(plain), np.array(entries)))


def _keep_one_size(columns: Columns) -> None:
    """Keep the images of the most frequent size; the others become problems."""
    counts: Counter[tuple[int, ...]] = Counter()
    for block in columns.blocks:
        counts[block.values.shape[1:]] += len(block.values)
    if not counts:
        return
    usual = max(counts, key=counts.__getitem__)
    for block in columns.blocks:
        if block.values.shape[1:] != usual:
            reason = f"it is {_size(block.values.shape[1:])} pixels, the others are {_size(usual)}"
            columns.problems.update((entry, reason) for entry in block.entries.tolist())
    columns.blocks = [block for block in columns.blocks if block.values.shape[1:] == usual]


def chunks_of(block: Block) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield up to `CHUNK` images at a time, with their entries."""
    for start in range(0, len(block.values), CHUNK):
        yield block.values[start : start + CHUNK], block.entries[start : start + CHUNK]


def _size(shape: tuple[int, ...]) -> str:
    """Format (H, W) as "W × H": the width comes first everywhere."""
    return f"{shape[1]} × {shape[0]}"


def _layout(shape: tuple[int, ...]) -> tuple[tuple[int, ...], int | None]:
    """Return the size (H, W) of an image and the axis of its colours, None if it has none.

    The shape may be (H, W), (1, H, W), (H, W, 1), (3, H, W), (H, W, 3), … or that of a flattened square. What is not
    an image gets a size of another form than (H, W).
    """
    if len(shape) == 1:
        side = round(shape[0] ** 0.5)
        return ((side, side) if side * side == shape[0] else ()), None
    if len(shape) == 3 and shape[0] in _CHANNELS:
        size, axis = shape[1:], 0
    elif len(shape) == 3 and shape[2] in _CHANNELS:
        size, axis = shape[:2], 2
    else:
        return shape, None
    return size, None if 1 in (shape[0], shape[2]) else axis


def _fits(size: tuple[int, ...], limits: Limits) -> bool:
    return len(size) == 2 and all(_SMALLEST_SIDE <= side <= limits.side for side in size)


def _brightness(image: np.ndarray, colours: int) -> np.ndarray:
    """Convert a colour image to brightness, (H, W)."""
    channels = np.moveaxis(image, colours, -1)  # (H, W, 3 or 4)
    if channels.dtype == np.uint8:
        return np.asarray(grey(Image.fromarray(np.ascontiguousarray(channels))))
    return (channels[..., :3].astype(np.float64) @ _LUMA).astype(np.float32)
