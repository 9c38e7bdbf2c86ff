"""Elastic waves: noise, blurred, says from where each pixel is taken.

Source: P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document
Analysis" (2003).
"""

from __future__ import annotations

import math

from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.lazy import nnf, torch, v2


def elastic_sigma(size: int) -> float:
    """Return how far the displacements of neighbouring pixels hang together, in pixels: a seventh of the side."""
    return round(size / 7, 4)


def elastic_alpha(size: int, elastic: float) -> float:
    """Return torchvision's factor that makes displacements of the standard deviation `elastic`, in pixels.

    torchvision blurs noise that is uniform from -1 to 1 (standard deviation 1/√3) with a Gaussian, which divides its
    deviation by 2σ√π, and multiplies by alpha / size, where the image reaches from -1 to 1: alpha / 2 pixels.
    """
    return round(elastic * 2 * math.sqrt(3) * 2 * elastic_sigma(size) * math.sqrt(math.pi), 4)


def blur_matrix(size: int) -> torch.Tensor:
    """Return torchvision's Gaussian blur of one line of pixels, mirrored at its ends, as a matrix; float32 (S, S)."""
    sigma = elastic_sigma(size)
    half = int(8 * sigma + 1) // 2  # of torchvision's kernel, whose length is made odd
    kernel = torch.exp(-((torch.arange(-half, half + 1) / sigma) ** 2) / 2)
    lines = nnf.pad(torch.eye(size)[:, None], (half, half), mode="reflect")  # (S, 1, S + 2·half)
    return nnf.conv1d(lines, (kernel / kernel.sum())[None, None])[:, 0].T.contiguous()


def draw_elastic(count: int, size: int, elastic: float, generator: torch.Generator) -> torch.Tensor:
    """Draw displacements as `v2.ElasticTransform` does; float32 (N, S, S, 2) as (x, y), where an image is -1 to 1."""
    noise = torch.rand(count, 2, size, size, generator=generator, device=generator.device).mul_(2).sub_(1)
    blur = blur_matrix(size).to(generator.device)  # (S, S)
    return (blur @ noise @ blur.T * (elastic_alpha(size, elastic) / size)).permute(0, 2, 3, 1)


def apply_elastic(pixels: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
    """Take each pixel from where its displacement says, bilinear, empty outside; float32 (N, 1, S, S) → the same."""
    size = pixels.shape[-1]
    place = torch.linspace((1 - size) / size, (size - 1) / size, size, device=pixels.device)
    grid = displacement + torch.stack([place.expand(size, size), place[:, None].expand(size, size)], dim=2)
    return nnf.grid_sample(pixels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def bend(pixels: torch.Tensor, elastic: float, generator: torch.Generator) -> torch.Tensor:
    """Pull the ink of each image about in waves of its own."""
    return apply_elastic(pixels, draw_elastic(len(pixels), pixels.shape[-1], elastic, generator))


def transform(size: int, elastic: float) -> v2.ElasticTransform:
    return v2.ElasticTransform(alpha=elastic_alpha(size, elastic), sigma=elastic_sigma(size))


def code(size: int, elastic: float) -> str:
    return f"v2.ElasticTransform(alpha={elastic_alpha(size, elastic)!r}, sigma={elastic_sigma(size)!r})"


AUGMENTATION = Augmentation(
    place=20,
    strengths={
        "elastic": Strength(
            title="Elastic",
            why="Muscles tremble and curves come out a little different each time: waves pull the ink about.",
            most=4,
            first=0.7,
            step=0.1,
            form="%.1f px",
            phrase="{:g} px",
            help="How far a pixel typically moves. Neighbouring pixels move alike, so that strokes bend and do not "
            "break.",
        )
    },
    apply=bend,
    transform=transform,
    code=code,
    helpers=(elastic_sigma, elastic_alpha, blur_matrix, draw_elastic, apply_elastic),
)
