"""The optimizers, losses and schedules that a `TrainingConfig` names, as PyTorch objects."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from digits_core.config import TrainingConfig
from digits_core.data.digits import CLASSES

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""Logits (B, 10) and labels (B,) → the mean loss, a scalar."""


def build_optimizer(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    """The optimizer over all weights; one fused call a step where PyTorch has that, else its multi-tensor form."""
    weights = network.parameters()
    common = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(weights, **common, fused=True)
        case "adamw":
            return torch.optim.AdamW(weights, **common, fused=True)
        case "sgd":
            # PyTorch refuses Nesterov's look-ahead where there is no momentum to look along.
            nesterov = config.nesterov and config.momentum > 0
            return torch.optim.SGD(weights, **common, momentum=config.momentum, nesterov=nesterov, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(weights, **common, foreach=True)
        case "adagrad":
            return torch.optim.Adagrad(weights, **common, fused=True)


def build_schedule(config: TrainingConfig, optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler | None:
    """The learning rate over `steps` batches; `None` where it stays as it is.

    One-cycle: L. N. Smith, N. Topin, "Super-Convergence", 2018. Cosine: I. Loshchilov, F. Hutter, "SGDR", 2017.
    """
    match config.schedule:
        case "constant":
            return None
        case "one_cycle":
            cycles_momentum = config.optimizer in ("adam", "adamw") or (
                config.optimizer == "sgd" and config.momentum > 0
            )
            return OneCycleLR(optimizer, max_lr=config.learning_rate, total_steps=steps, cycle_momentum=cycles_momentum)
        case "cosine":
            return CosineAnnealingLR(optimizer, T_max=steps)


def loss_function(config: TrainingConfig) -> LossFunction:
    """The loss by name; label smoothing belongs to cross-entropy alone."""
    match config.loss:
        case "cross_entropy":
            return lambda logits, labels: nnf.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
        case "multi_margin":
            return nnf.multi_margin_loss
        case "mse":
            return lambda logits, labels: nnf.mse_loss(logits, nnf.one_hot(labels, CLASSES).float())
        case "nll":
            return lambda logits, labels: nnf.nll_loss(nnf.log_softmax(logits, dim=1), labels)
