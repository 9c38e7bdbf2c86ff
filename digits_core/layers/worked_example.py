"""One number of a network worked out by hand: every factor, every product and the sum, as plain data.

Each kind of layer makes its own (`kinds`), in float64 from the float32 numbers of the network: they agree with the
network's to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quantity:
    """A number, or a word, of the arithmetic: its name, itself, and a sentence on what it means."""

    name: str
    value: float | str
    words: str


@dataclass(frozen=True)
class Place:
    """A window on a map: its upper left corner, which may lie in the padding, and its side, in cells of the map."""

    top: int
    left: int
    side: int


@dataclass(frozen=True)
class Table:
    """Values (H, W) to be written out in full, coloured from -`bound` to `bound`, with `digits` decimal places."""

    key: str
    title: str
    values: np.ndarray
    bound: float
    digits: int = 3


@dataclass(frozen=True)
class WeightedSum:
    """Inputs times weights, plus a bias: what a convolution does at one place and what a neuron does.

    A convolution has float64 (C, k, k), the padding as zeros; a neuron (inputs,).
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
    def channel_sums(self) -> np.ndarray:
        """What each input channel of a convolution adds, (C,)."""
        return self.products.sum(axis=(1, 2))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (
            Quantity(
                f"Sum of {self.products.size:,} products",
                self.product_sum,
                "Each input times its weight, all added up.",
            ),
            Quantity("+ bias", self.bias, "A number of the unit's own, added whatever comes in."),
            Quantity("= sum", self.total, "What the layer puts out before its activation function."),
        )

    def largest(self, count: int) -> np.ndarray:
        """Return the places of the products largest in size, which decide most, int64 (count,)."""
        return np.argsort(-np.abs(self.products), kind="stable")[:count]


@dataclass(frozen=True)
class WorkedExample:
    """One number of a layer: what it is read from and how it comes about.

    quantities: the arithmetic in a row; result: the number, before the activation function; sum: the products behind
    it, where it is a weighted sum. What reads a window of maps has its `place`, the input `maps` that it reads, the
    `tables` to show for one of them, and the cell that was chosen, where one was, as `winner`; what reads all inputs
    at once has none of these.
    """

    quantities: tuple[Quantity, ...]
    result: float
    sum: WeightedSum | None = None
    place: Place | None = None
    maps: range = range(0)
    tables: tuple[tuple[Table, ...], ...] = ()
    winner: tuple[int, int] | None = None


def padded_window(maps: np.ndarray, place: Place, border: int) -> np.ndarray:
    """Return what a window sees of maps (C, H, W), zeros where it lies in the padding: (C, side, side)."""
    padded = np.pad(maps, ((0, 0), (border, border), (border, border)))
    top, left = place.top + border, place.left + border
    return padded[:, top : top + place.side, left : left + place.side]


def reach(values: np.ndarray) -> float:
    """Return the largest value in size, for a scale around 0: never 0 itself."""
    return max(1e-9, float(np.abs(values).max()))
