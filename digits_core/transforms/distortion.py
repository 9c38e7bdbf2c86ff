"""Elastic waves, noise and erased rectangles for a whole batch, drawn from torchvision's distributions.

Elastic waves: P. Simard, D. Steinkraus, J. Platt, "Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis" (2003). Erasing: Z. Zhong et al., "Random Erasing Data Augmentation" (2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.config import TransformConfig

ERASED_SHARE = (0.02, 0.15)
"""How much of the image an erased rectangle covers, at least and at most."""
ERASED_RATIO = (0.3, 3.3)
"""Height to width of an erased rectangle, at least and at most."""


def elastic_sigma(size: int) -> float:
    """How far the displacements of neighbouring pixels hang together, in pixels: a seventh of the side."""
    return round(size / 7, 4)


def elastic_alpha(config: TransformConfig) -> float:
    """torchvision's factor that makes displacements of the standard deviation `config.elastic`, in pixels.

    torchvision blurs noise that is uniform from -1 to 1 (standard deviation 1/√3) with a Gaussian, which divides its
    deviation by 2σ√π, and multiplies by alpha / size, where the image reaches from -1 to 1: alpha / 2 pixels.
    """
    return round(config.elastic * 2 * math.sqrt(3) * 2 * elastic_sigma(config.size) * math.sqrt(math.pi), 4)


def draw_elastic(count: int, config: TransformConfig, generator: torch.Generator) -> Tensor:
    """Displacements as `v2.ElasticTransform` draws them; float32 (N, S, S, 2) as (x, y), where an image is -1 to 1."""
    size, device = config.size, generator.device
    noise = torch.rand(count, 2, size, size, generator=generator, device=device).mul_(2).sub_(1)
    blur = _blur_matrix(size).to(device)  # (S, S)
    return (blur @ noise @ blur.T * (elastic_alpha(config) / size)).permute(0, 2, 3, 1)


def apply_elastic(pixels: Tensor, displacement: Tensor) -> Tensor:
    """Take each pixel from where its displacement says, bilinear, empty outside; float32 (N, 1, S, S) → the same."""
    size = pixels.shape[-1]
    place = torch.linspace((1 - size) / size, (size - 1) / size, size, device=pixels.device)
    grid = displacement + torch.stack([place.expand(size, size), place[:, None].expand(size, size)], dim=2)
    return nnf.grid_sample(pixels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def draw_noise(shape: torch.Size, config: TransformConfig, generator: torch.Generator) -> Tensor:
    """What `v2.GaussianNoise` adds, in grey levels; float32 of `shape`."""
    return torch.randn(shape, generator=generator, device=generator.device).mul_(255 * config.noise)


def apply_noise(pixels: Tensor, noise: Tensor) -> Tensor:
    """Add, and stay between no ink and full ink; float32 (N, 1, S, S), 0 to 255."""
    return (pixels + noise).clamp_(0, 255)


@dataclass(frozen=True)
class Rectangles:
    """The rectangle to blank in each of N images, in pixels; int64 (N,) each. A height of 0 blanks nothing."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor


def draw_erasing(count: int, config: TransformConfig, generator: torch.Generator) -> Rectangles:
    """Draw from the distributions of `v2.RandomErasing`: area uniform, ratio uniform in its logarithm.

    torchvision draws again where a rectangle would not fit; the largest here is 0.7 of the side, so that all fit.
    """
    size, device = config.size, generator.device
    chance, share, ratio, down, right = torch.rand(5, count, generator=generator, device=device)
    area = size * size * (ERASED_SHARE[0] + share * (ERASED_SHARE[1] - ERASED_SHARE[0]))
    low, high = map(math.log, ERASED_RATIO)
    ratio = (low + ratio * (high - low)).exp()
    height, width = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
    top, left = (down * (size - height + 1)).floor(), (right * (size - width + 1)).floor()
    erased = chance < config.erasing
    return Rectangles(top.long(), left.long(), torch.where(erased, height, 0).long(), width.long())


def apply_erasing(pixels: Tensor, rectangles: Rectangles) -> Tensor:
    """Blank a rectangle of each image; float32 (N, 1, S, S) → the same."""
    place = torch.arange(pixels.shape[-1], device=pixels.device)
    rows = _within(place, rectangles.top, rectangles.height)  # (N, S)
    columns = _within(place, rectangles.left, rectangles.width)
    return pixels.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def _within(place: Tensor, start: Tensor, length: Tensor) -> Tensor:
    return (place >= start[:, None]) & (place < (start + length)[:, None])


def _blur_matrix(size: int) -> Tensor:
    """torchvision's Gaussian blur of one line of pixels, mirrored at its ends, as a matrix; float32 (S, S)."""
    sigma = elastic_sigma(size)
    half = int(8 * sigma + 1) // 2  # of torchvision's kernel, whose length is made odd
    kernel = torch.exp(-((torch.arange(-half, half + 1) / sigma) ** 2) / 2)
    lines = nnf.pad(torch.eye(size)[:, None], (half, half), mode="reflect")  # (S, 1, S + 2·half)
    return nnf.conv1d(lines, (kernel / kernel.sum())[None, None])[:, 0].T.contiguous()
