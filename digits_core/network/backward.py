"""One backward step in figures: what the loss says about each number of a network, and what becomes of one weight.

All in float64, so that sums by hand and PyTorch's own agree to the last shown digit. The network computes as it does
when it recognises: without dropout, batch norm with the numbers that it collected.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.layers.base import float64
from digits_core.layers.placed import Layer
from digits_core.network.layered_network import Network

MOMENTUM, BETA_1, BETA_2, EPSILON = 0.9, 0.9, 0.999, 1e-8
"""Of PyTorch's SGD with momentum and Adam, as the lecture uses them."""


@dataclass(frozen=True)
class Backward:
    """Gradients of the cross-entropy of one image, float64, by layer.

    Attributes:
        probabilities, target: Softmax of the logits, and 1 for the digit that it should be, (10,).
        inputs: What each layer reads, of its input shape, or in one row where it flattens.
        deltas: How the loss changes with each output of a layer before its function, of its output shape.
        slopes: How its function changes there, 1 where it has none or is the last; same shape.
        weights: How the loss changes with each weight, as PyTorch computes it.
    """

    loss: float
    probabilities: np.ndarray
    target: np.ndarray
    inputs: dict[str, np.ndarray]
    deltas: dict[str, np.ndarray]
    slopes: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]


@dataclass(frozen=True)
class WeightGradient:
    """The gradient of one weight as a sum: at each place of the output, what came in there times its delta, (H, W)."""

    inputs: np.ndarray
    deltas: np.ndarray

    @property
    def products(self) -> np.ndarray:
        return self.inputs * self.deltas

    @property
    def total(self) -> float:
        return float(self.products.sum())


@dataclass(frozen=True)
class Update:
    """What an optimizer makes of one weight in its first step."""

    title: str
    formula: str
    after: float


def backward(network: Network, image: Tensor, label: int) -> Backward:
    """Return the gradients for one normalised image (1, 1, S, S) whose digit is `label`. The network stays as it is."""
    network = copy.deepcopy(network).double().eval()
    network.zero_grad()
    found = network.features(image.double())
    logits = found[network.last.name].before
    for layer in network.layers:
        found[layer.name].before.retain_grad()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([label]))
    loss.backward()
    inputs = {layer.name: found[layer.reads].after[0] for layer in network.layers}
    return Backward(
        float(loss.detach()),
        float64(logits.softmax(1)[0]),
        np.eye(logits.shape[1])[label],
        {layer.name: float64(_read(layer, inputs[layer.name])) for layer in network.layers},
        {layer.name: float64(_gradient(found[layer.name].before)[0]) for layer in network.layers},
        {layer.name: _slopes(layer, found[layer.name].before[0], layer is network.last) for layer in network.layers},
        {
            layer.name: float64(_gradient(network.get_parameter(f"{layer.name}.weight")))
            for layer in network.layers
            if layer.kind.weights
        },
    )


def weight_gradient(found: Backward, layer: Layer, place: tuple[int, ...]) -> WeightGradient:
    """Return how the gradient of one weight adds up; `place` is where it stands in the layer's weights.

    Of a convolution, one weight serves all places of its map: (filter, map that comes in, row, column). Of a fully
    connected layer it serves one: (neuron, number that comes in).
    """
    deltas, inputs = found.deltas[layer.name][place[0]], found.inputs[layer.name]
    if layer.kind.window is None:
        return WeightGradient(inputs[place[1]].reshape(1, 1), deltas.reshape(1, 1))
    _, stride, border = layer.kind.window
    _, channel, row, column = place
    padded = np.pad(inputs[channel], border)
    height, width = deltas.shape
    seen = padded[row : row + (height - 1) * stride + 1 : stride, column : column + (width - 1) * stride + 1 : stride]
    return WeightGradient(seen, deltas)


def updates(weight: float, gradient: float, rate: float) -> tuple[Update, ...]:
    """Return what three optimizers make of a weight in their first step, with the learning rate `rate`.

    D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.
    """
    first, second = (1 - BETA_1) * gradient, (1 - BETA_2) * gradient**2
    adam = (first / (1 - BETA_1)) / (sqrt(second / (1 - BETA_2)) + EPSILON)
    return (
        Update(OPTIMIZERS["sgd"].title, "w − η·g", weight - rate * gradient),
        Update(
            f"{OPTIMIZERS['sgd'].title} with momentum {MOMENTUM}", "v = g at first; w − η·v", weight - rate * gradient
        ),
        Update(OPTIMIZERS["adam"].title, "m̂ = g, v̂ = g² at first; w − η·m̂ / (√v̂ + ε)", weight - rate * adam),
    )


def _read(layer: Layer, values: Tensor) -> Tensor:
    return values.flatten() if layer.kind.flattens else values


def _gradient(values: Tensor) -> Tensor:
    """Return what `backward` has left; 0 if the loss does not depend on it."""
    return torch.zeros_like(values) if values.grad is None else values.grad


def _slopes(layer: Layer, before: Tensor, last: bool) -> np.ndarray:
    if layer.function is None or last:  # softmax is part of the loss
        return np.ones(tuple(before.shape))
    leaf = before.detach().clone().requires_grad_()
    layer.function.compute(leaf).sum().backward()
    return float64(_gradient(leaf))
