"""Centring by mass, as MNIST was made: scale the ink to a 20-pixel box, move its centre of mass to the middle.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits": size normalised to 20×20 with the
aspect ratio kept, anti-aliased, then placed by centre of mass in 28×28.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.transforms.resizing import resize

INK_SHARE = 20 / 28
"""The longest side of the ink as a share of the side of the image."""
INK_LEVEL = 32
"""Fainter pixels (of 255) are not counted as ink when its box is looked for."""


def centre_by_mass(images: Tensor, size: int) -> Tensor:
    """Centre the ink of many images as `centred` does that of one; uint8 (N, H, W) → uint8 (N, size, size)."""
    placed = torch.zeros(len(images), size, size, dtype=torch.uint8)
    for box, members in _by_box(images):
        left, top, right, bottom = box
        ink = images[members, top:bottom, left:right]  # (n, h, w)
        placed[members] = _place_by_mass(_scale(ink, round(size * INK_SHARE)), size)
    return placed


def centred(image: torch.Tensor, size: int) -> torch.Tensor:
    """Scale the ink of an image (H, W) and move its centre of mass to the middle, as MNIST was made."""
    square = torch.zeros(size, size, dtype=torch.uint8)
    ink = image >= INK_LEVEL
    if not ink.any():
        return square
    rows, columns = ink.any(dim=1).nonzero(), ink.any(dim=0).nonzero()
    image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = round(size * INK_SHARE) / max(image.shape)
    height, width = (max(1, round(side * factor)) for side in image.shape)
    smooth = {"mode": "bilinear", "antialias": True, "align_corners": False}
    image = nnf.interpolate(image[None, None], (height, width), **smooth)[0, 0]
    mass = image.sum(dtype=torch.float64).clamp(min=1)
    weighted = (image.sum(dim=1 - axis) * torch.arange(side) for axis, side in enumerate(image.shape))
    down, across = (each.sum() / mass + 0.5 for each in weighted)
    top = int((size / 2 - down).round().clamp(0, size - height))
    left = int((size / 2 - across).round().clamp(0, size - width))
    square[top : top + height, left : left + width] = image
    return square


def centre_picture(picture: Image.Image, size: int) -> Image.Image:
    """Return one greyscale picture centred by mass."""
    return Image.fromarray(centred(torch.from_numpy(np.array(picture)), size).numpy())


def centring_steps(image: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor] | None:
    """The way of one image, uint8 (H, W), through `centre_by_mass`: ink cut out, scaled, placed; `None` without ink."""
    for (left, top, right, bottom), _ in _by_box(image[None]):
        ink = image[None, top:bottom, left:right]
        scaled = _scale(ink, round(size * INK_SHARE))
        return ink[0], scaled[0], _place_by_mass(scaled, size)[0]
    return None


def _by_box(images: Tensor) -> list[tuple[tuple[int, int, int, int], Tensor]]:
    """The boxes around ink, each with the indices of the images that have it; without those that hold no ink.

    Images that share a box are scaled in one call: some hundred calls instead of tens of thousands.
    """
    ink = images >= INK_LEVEL
    left, right = _extent(ink.any(dim=1))
    top, bottom = _extent(ink.any(dim=2))
    boxes = torch.stack([left, top, right, bottom], dim=1)  # (N, 4)
    found = ink.flatten(1).any(dim=1).nonzero()[:, 0]
    unique, which = boxes[found].unique(dim=0, return_inverse=True)
    return [(tuple(box.tolist()), found[which == number]) for number, box in enumerate(unique)]


def _extent(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """First and one past the last true place in each row; bool (N, L) → int64 (N,), (N,)."""
    length = occupied.shape[1]
    places = occupied.to(torch.uint8)
    return places.argmax(dim=1), length - places.flip(1).argmax(dim=1)


def _scale(ink: Tensor, longest: int) -> Tensor:
    """Bring the longer side to `longest` pixels, the other in proportion; uint8 (n, h, w) → uint8 (n, h', w')."""
    height, width = ink.shape[1:]
    factor = longest / max(height, width)
    target = max(1, round(height * factor)), max(1, round(width * factor))
    return resize(ink, *target)


def _place_by_mass(ink: Tensor, size: int) -> Tensor:
    """Put each piece of ink, its centre of mass in the middle, on an empty square; whole pixels, never cut off."""
    height, width = ink.shape[1:]
    mass = ink.sum(dim=(1, 2), dtype=torch.float64).clamp(min=1)
    rows = (ink.sum(dim=2) * torch.arange(height)).sum(dim=1) / mass + 0.5  # (n,)
    columns = (ink.sum(dim=1) * torch.arange(width)).sum(dim=1) / mass + 0.5
    top = (size / 2 - rows).round().long().clamp(0, size - height)
    left = (size / 2 - columns).round().long().clamp(0, size - width)
    square = nnf.pad(ink, (0, size - width, 0, size - height))  # (n, size, size)
    row = (torch.arange(size) - top[:, None]) % size
    column = (torch.arange(size) - left[:, None]) % size
    return square.gather(1, row[:, :, None].expand_as(square)).gather(2, column[:, None, :].expand_as(square))
