"""The optimizers, losses and schedules that a `TrainingConfig` names, as PyTorch objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from digits_core.config import TrainingConfig
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.entries.schedules import SCHEDULES

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""Logits (B, 10) and labels (B,) → the mean loss, a scalar."""


class Optimisation:
    """The optimizer of a training with its schedule: steps once per batch, can be changed by hand and saved."""

    def __init__(self, config: TrainingConfig, network: nn.Module, steps: int) -> None:
        self._config = config
        self._optimizer = build_optimizer(config, network)
        self._steps = steps
        self._schedule = build_schedule(config, self._optimizer, steps)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self._optimizer.param_groups[0]["lr"]

    def step(self, loss: Tensor) -> None:
        """Update the weights by the gradient of `loss`, which stays in `.grad` until the next step."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        if self._schedule and self._schedule.last_epoch < self._steps:
            self._schedule.step()

    def set_learning_rate(self, value: float) -> None:
        """Set the learning rate from the next step on, ending any schedule; momentum is unchanged."""
        self._schedule = None
        self._set(value)

    def stretch_schedule(self, steps: int) -> None:
        """Let the schedule end that many steps later and continue where a training of that length would be now."""
        if self._schedule:
            done = self._schedule.last_epoch
            self.begin_schedule(max(self._steps + steps, done))
            if done:
                self._schedule.last_epoch = done - 1
                self._schedule.step()

    def begin_schedule(self, steps: int) -> None:
        """Restart the schedule over `steps`; one that was ended by hand stays ended."""
        if self._schedule:
            self._set(self._config.learning_rate)
            self._steps = steps
            self._schedule = build_schedule(self._config, self._optimizer, steps)

    def state(self) -> dict[str, Any]:
        """Return the state as nothing but tensors and plain values."""
        schedule = {"steps": self._steps, "state": self._schedule.state_dict()} if self._schedule else None
        return {"optimizer": self._optimizer.state_dict(), "schedule": schedule}

    def load(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        if state["schedule"]:
            self.begin_schedule(state["schedule"]["steps"])
            assert self._schedule is not None
            self._schedule.load_state_dict(state["schedule"]["state"])
        else:
            self._schedule = None
        # After the schedule, which resets the learning rate of the optimizer when it is created.
        self._optimizer.load_state_dict(state["optimizer"])

    def _set(self, learning_rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate


def build_optimizer(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer over all weights."""
    entry = OPTIMIZERS[config.optimizer]
    used = (getattr(config, field) for field in entry.uses)
    return entry.build(network.parameters(), config.learning_rate, config.weight_decay, *used)


def build_schedule(config: TrainingConfig, optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler | None:
    """Return the schedule of the learning rate over `steps` batches; `None` if the rate is constant."""
    begin = SCHEDULES[config.schedule].begin
    return begin(optimizer, config.learning_rate, steps) if begin else None


def loss_function(config: TrainingConfig) -> LossFunction:
    """Return the loss function that the config names, with the settings that it uses."""
    entry = LOSSES[config.loss]
    used = [getattr(config, field) for field in entry.uses]
    return lambda logits, labels: entry.compute(logits, labels, *used)
