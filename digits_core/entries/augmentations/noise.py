"""Noise: grain on each pixel."""

from __future__ import annotations

from digits_core.entries.base import Augmentation, Strength
from digits_core.entries.lazy import torch, v2


def draw_noise(shape: torch.Size, noise: float, generator: torch.Generator) -> torch.Tensor:
    """Draw what `v2.GaussianNoise` adds, in grey levels; float32 of `shape`."""
    return torch.randn(shape, generator=generator, device=generator.device).mul_(255 * noise)


def apply_noise(pixels: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Add the noise, and stay between no ink and full ink; float32 (N, 1, S, S), 0 to 255."""
    return (pixels + noise).clamp_(0, 255)


def add_noise(pixels: torch.Tensor, noise: float, generator: torch.Generator) -> torch.Tensor:
    """Add grain to each pixel."""
    return apply_noise(pixels, draw_noise(pixels.shape, noise, generator))


AUGMENTATION = Augmentation(
    place=40,
    strengths={
        "noise": Strength(
            title="Noise",
            why="Cameras and scanners add grain; a network that saw some does not stumble over it.",
            most=0.5,
            first=0.1,
            step=0.01,
            form="%.2f",
            phrase="{:.0%}",
            help="The standard deviation of what is added to each pixel, where full ink is 1.",
        )
    },
    apply=add_noise,
    transform=lambda size, noise: v2.GaussianNoise(sigma=noise),
    code=lambda size, noise: f"v2.GaussianNoise(sigma={noise!r})",
    on_tensors=True,
    helpers=(draw_noise, apply_noise),
)
