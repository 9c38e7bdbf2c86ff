"""Erasing: a rectangle of some images is blanked.

Source: Z. Zhong et al., "Random Erasing Data Augmentation" (2017).
"""

from __future__ import annotations

import math

from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.lazy import torch, v2

ERASED_SHARE = (0.02, 0.15)
"""How much of the image a rectangle covers, at least and at most."""
ERASED_RATIO = (0.3, 3.3)
"""Height to width of a rectangle, at least and at most."""


def draw_erasing(count: int, size: int, erasing: float, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Draw top, left, height and width of a rectangle for each image, in pixels, (count,) each; height 0 blanks none.

    From the distributions of `v2.RandomErasing`: area uniform, ratio uniform in its logarithm. torchvision draws again
    where a rectangle would not fit; the largest here is 0.7 of the side, so that all fit.
    """
    chance, share, ratio, down, right = torch.rand(5, count, generator=generator, device=generator.device)
    area = size * size * (ERASED_SHARE[0] + share * (ERASED_SHARE[1] - ERASED_SHARE[0]))
    low, high = map(math.log, ERASED_RATIO)
    ratio = (low + ratio * (high - low)).exp()
    height, width = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
    top, left = (down * (size - height + 1)).floor(), (right * (size - width + 1)).floor()
    return top.long(), left.long(), torch.where(chance < erasing, height, 0).long(), width.long()


def apply_erasing(
    pixels: torch.Tensor, top: torch.Tensor, left: torch.Tensor, height: torch.Tensor, width: torch.Tensor
) -> torch.Tensor:
    """Blank a rectangle of each image; float32 (N, 1, S, S) → the same."""
    place = torch.arange(pixels.shape[-1], device=pixels.device)
    rows = (place >= top[:, None]) & (place < (top + height)[:, None])  # (N, S)
    columns = (place >= left[:, None]) & (place < (left + width)[:, None])
    return pixels.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def erase(pixels: torch.Tensor, erasing: float, generator: torch.Generator) -> torch.Tensor:
    """Blank a rectangle of some images."""
    return apply_erasing(pixels, *draw_erasing(len(pixels), pixels.shape[-1], erasing, generator))


def transform(size: int, erasing: float) -> v2.RandomErasing:
    return v2.RandomErasing(p=erasing, scale=ERASED_SHARE, ratio=ERASED_RATIO, value=0)


AUGMENTATION = Augmentation(
    place=50,
    strengths={
        "erasing": Strength(
            title="Erasing",
            why="Where a part is missing the rest must do: no single stroke is relied on.",
            most=1,
            first=0.3,
            step=0.05,
            form="%.2f",
            phrase="{:.0%} of images",
            help="How likely an image loses a rectangle, of 2 to 15 % of its area.",
        )
    },
    apply=erase,
    transform=transform,
    code=lambda size, erasing: (
        f"v2.RandomErasing(p={erasing!r}, scale={ERASED_SHARE!r}, ratio={ERASED_RATIO!r}, value=0)"
    ),
    on_tensors=True,
    helpers=(draw_erasing, apply_erasing),
    constants={
        "ERASED_SHARE": (ERASED_SHARE, "of the image"),
        "ERASED_RATIO": (ERASED_RATIO, "of its height to its width"),
    },
)
