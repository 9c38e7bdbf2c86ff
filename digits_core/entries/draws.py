"""Random numbers that several augmentations draw."""

from __future__ import annotations

from digits_core.entries.lazy import torch


def uniform(count: int, bound: float, generator: torch.Generator) -> torch.Tensor:
    """Draw from -bound to bound; float32 (count,)."""
    return torch.rand(count, generator=generator, device=generator.device).mul_(2).sub_(1).mul_(bound)
