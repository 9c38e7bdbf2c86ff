"""Centring by mass, as MNIST was made: scale the ink to a 20-pixel box, move its centre of mass to the middle.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits": size normalised to 20×20 with the
aspect ratio kept, anti-aliased, then placed by centre of mass in 28×28.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.transforms.resizing import resize
from digits_core.transforms.steps import INK_LEVEL, INK_SHARE


def centre_by_mass(images: Tensor, size: int) -> Tensor:
    """Centre the ink of each image; uint8 (N, H, W) → uint8 (N, size, size). An image without ink stays empty."""
    centred = torch.zeros(len(images), size, size, dtype=torch.uint8)
    for box, members in _by_box(images):
        left, top, right, bottom = box
        ink = images[members, top:bottom, left:right]  # (n, h, w)
        centred[members] = _place_by_mass(_scale(ink, round(size * INK_SHARE)), size)
    return centred


def centring_steps(image: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return how `centre_by_mass` treats one image, uint8 (H, W): ink cut out, scaled, placed; `None` without ink."""
    for (left, top, right, bottom), _ in _by_box(image[None]):
        ink = image[None, top:bottom, left:right]
        scaled = _scale(ink, round(size * INK_SHARE))
        return ink[0], scaled[0], _place_by_mass(scaled, size)[0]
    return None


def _by_box(images: Tensor) -> list[tuple[tuple[int, int, int, int], Tensor]]:
    """Group the images by the box around their ink, with their indices; leave out those that hold no ink.

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
    """Return the first and one past the last true place in each row; bool (N, L) → int64 (N,), (N,)."""
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
