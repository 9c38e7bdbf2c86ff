"""One number of a network worked out by hand: every factor, every product and the sum, as plain data.

The sums are taken in float64, from the float32 numbers of the network: they agree with its own to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from digits_core.network.activations import Activation
    from digits_core.network.improved_net import ImprovedNet

BEFORE = {"conv1": "input", "conv2": "conv1", "pool": "conv2", "fc1": "pool", "fc2": "fc1", "fc3": "fc2"}
"""Whose output each layer reads."""


@dataclass(frozen=True)
class Place:
    """A window on a map: its upper left corner, which may lie in the padding, and its side, in places of the map."""

    top: int
    left: int
    side: int


@dataclass(frozen=True)
class WeightedSum:
    """Inputs times weights, plus a bias: what a convolution does at one place and what a neuron does.

    A convolution has float64 (C, 3, 3), the padding as zeros; a neuron (inputs,).
    """

    inputs: np.ndarray
    weights: np.ndarray
    bias: float

    @property
    def products(self) -> np.ndarray:
        return self.inputs * self.weights

    @property
    def product_sum(self) -> float:
        return float(self.products.sum())

    @property
    def total(self) -> float:
        return self.product_sum + self.bias

    @property
    def after_relu(self) -> float:
        return max(0.0, self.total)

    @property
    def channel_sums(self) -> np.ndarray:
        """What each input channel of a convolution adds, (C,)."""
        return self.products.sum(axis=(1, 2))

    def largest(self, count: int) -> np.ndarray:
        """Which inputs of a neuron decide most: the places of the products largest in size, int64 (count,)."""
        return np.argsort(-np.abs(self.products), kind="stable")[:count]


@dataclass(frozen=True)
class Convolution:
    """One place of one feature map: the window that is read, and the sum over it."""

    place: Place
    sum: WeightedSum


@dataclass(frozen=True)
class Pooling:
    """One place of one pooled map: the window (2, 2) that is read, and where in it the largest value lies."""

    place: Place
    window: np.ndarray
    winner: tuple[int, int]

    @property
    def largest(self) -> float:
        return float(self.window[self.winner])


def convolution(
    network: ImprovedNet, found: Mapping[str, Activation], layer: str, unit: int, row: int, column: int
) -> Convolution:
    """The convolution `layer` at (row, column) of its feature map `unit`, for the first of the images in `found`."""
    module = network.get_submodule(layer)
    inputs = _numbers(found[BEFORE[layer]].after)  # (C, H, W)
    side, step, border = module.kernel_size[0], module.stride[0], module.padding[0]
    place = Place(row * step - border, column * step - border, side)
    padded = np.pad(inputs, ((0, 0), (border, border), (border, border)))
    top, left = place.top + border, place.left + border
    patch = padded[:, top : top + side, left : left + side]
    return Convolution(place, WeightedSum(patch, _array(module.weight[unit]), float(module.bias[unit].detach())))


def pooling(
    network: ImprovedNet, found: Mapping[str, Activation], layer: str, unit: int, row: int, column: int
) -> Pooling:
    """The max pooling `layer` at (row, column) of its map `unit`, for the first of the images in `found`."""
    module = network.get_submodule(layer)
    inputs = _numbers(found[BEFORE[layer]].after)[unit]  # (H, W)
    place = Place(row * module.stride, column * module.stride, module.kernel_size)
    window = inputs[place.top : place.top + place.side, place.left : place.left + place.side]
    return Pooling(place, window, tuple(int(index) for index in np.unravel_index(window.argmax(), window.shape)))


def neuron(network: ImprovedNet, found: Mapping[str, Activation], layer: str, unit: int) -> WeightedSum:
    """One neuron of a fully connected layer, for the first of the images in `found`; maps come flattened."""
    module = network.get_submodule(layer)
    inputs = _numbers(found[BEFORE[layer]].after).ravel()
    return WeightedSum(inputs, _array(module.weight[unit]), float(module.bias[unit].detach()))


def _numbers(values: object) -> np.ndarray:
    """The first of a batch, float64."""
    return _array(values[0])


def _array(values: object) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)
