"""What is measured while a network trains. Kept on the device, so that nothing waits for it until it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

LOSSES_PER_RUN = 4000
"""How many losses of single batches a run keeps at most: no chart shows more."""
GRADIENTS_PER_EPOCH = 8
"""At how many batches of an epoch the gradients are measured: a single batch would be too noisy."""


class Count:
    """Sums of the loss and the correct predictions over the images of an epoch."""

    def __init__(self, device: torch.device) -> None:
        self._loss = torch.zeros((), device=device, dtype=torch.float64)
        self._right = torch.zeros((), device=device, dtype=torch.int64)
        self.images = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        self._loss += loss * len(labels)
        self._right += (logits.argmax(dim=1) == labels).sum()
        self.images += len(labels)

    def means(self) -> tuple[float, float]:
        return self._loss.item() / self.images, self._right.item() / self.images


class BatchLosses:
    """The losses of single batches since the last `take`, at a stride that is the same in each run of a config."""

    def __init__(self, batches: int) -> None:
        self._stride = math.ceil(batches / LOSSES_PER_RUN)
        self._losses: list[Tensor] = []
        self._batches: list[int] = []

    def add(self, batch: int, loss: Tensor) -> None:
        """Add the loss of batch number `batch` of its epoch, counted from 1."""
        if (batch - 1) % self._stride == 0:
            self._losses.append(loss)
            self._batches.append(batch)

    def take(self) -> dict[str, list[Any]]:
        """Return and clear `losses` and `loss_batches`, as the events have them."""
        taken = {
            "losses": torch.stack(self._losses).tolist() if self._losses else [],
            "loss_batches": self._batches,
        }
        self._losses, self._batches = [], []
        return taken


class GradientNorms:
    """The Euclidean norm of each layer's gradient, averaged over evenly spaced batches of one epoch."""

    def __init__(self, network: nn.Module, batches: int) -> None:
        self._network = network
        self._stride = math.ceil(batches / GRADIENTS_PER_EPOCH)
        self._norms: list[Tensor] = []

    def look(self, batch: int) -> None:
        """Measure the gradients of a batch; call this after its backward pass and before the next one."""
        if (batch - 1) % self._stride == 0:
            gradients = {
                name: weights.grad for name, weights in self._network.named_parameters() if weights.grad is not None
            }
            self._norms.append(_squares(gradients))

    def means(self) -> dict[str, float]:
        squares = torch.stack(self._norms)  # (looks, parameters)
        return _by_layer([name for name, _ in self._network.named_parameters()], squares)


def weight_norms(network: nn.Module) -> dict[str, float]:
    """Return the Euclidean norm of each layer's weights and biases together."""
    weights = {name: values.detach() for name, values in network.named_parameters()}
    return _by_layer(list(weights), _squares(weights)[None])


def _squares(values: Mapping[str, Tensor]) -> Tensor:
    """Return the squared norm of each tensor, float32 (number of values,)."""
    return torch.stack(torch._foreach_norm(list(values.values()))).square()


def _by_layer(names: list[str], squares: Tensor) -> dict[str, float]:
    """Return norms by layer from squared norms (looks, parameters), averaged over the looks."""
    layers = [name.rpartition(".")[0] for name in names]
    return {
        layer: squares[:, [place for place, each in enumerate(layers) if each == layer]].sum(dim=1).sqrt().mean().item()
        for layer in dict.fromkeys(layers)
    }
