"""The schedules: how the learning rate goes over the batches of a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from digits_core.entries.lazy import torch


@dataclass(frozen=True)
class Schedule:
    """A schedule; `begin` makes it from an optimizer, its learning rate and the number of steps, `None` for none.

    `begin` is also what the exported script holds: a function over torch and the standard library alone.
    """

    title: str
    help: str
    begin: Callable[[torch.optim.Optimizer, float, int], torch.optim.lr_scheduler.LRScheduler] | None = None


def one_cycle(
    optimizer: torch.optim.Optimizer, learning_rate: float, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Let the learning rate rise, then fall; momentum goes the other way (Smith and Topin, "Super-Convergence")."""
    has_momentum = "betas" in optimizer.defaults or optimizer.defaults.get("momentum", 0) > 0
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, cycle_momentum=has_momentum)


def cosine(optimizer: torch.optim.Optimizer, learning_rate: float, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Let the learning rate fall to 0 along a cosine (Loshchilov and Hutter, "SGDR")."""
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * step / steps)) / 2)


SCHEDULES = {
    "constant": Schedule("Constant", "The learning rate stays as it is."),
    "one_cycle": Schedule(
        "One cycle", "The learning rate rises to its value, then falls far below its start.", one_cycle
    ),
    "cosine": Schedule("Cosine", "The learning rate falls to 0 along a cosine.", cosine),
}
