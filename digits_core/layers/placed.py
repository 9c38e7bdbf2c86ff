"""Named layers one after the other: what each one reads, puts out, costs and sees, for images of one size."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digits_core.layers.base import Call, Count, Kind, Shape
from digits_core.layers.functions import FUNCTIONS, SOFTMAX, ActivationFunction
from digits_core.layers.kinds.fully_connected import FullyConnected

INPUT = "input"
"""The name of what the first layer reads: the image."""
LOGITS = 10
"""A network puts out one for each digit."""
BYTES_PER_NUMBER = 4
"""float32"""


@dataclass(frozen=True)
class Layer:
    """A layer at its place in a network. Shapes are those of one image; `receptive_field` in pixels of its side.

    reads: the layer before it, or `INPUT`; function: its activation function, softmax for the last; dropout: the share
    of its outputs that training switches off, if it has that; flattened: its outputs come to the next layer in one row.
    """

    name: str
    kind: Kind
    function: ActivationFunction | None
    dropout: float | None
    reads: str
    input_shape: Shape
    receptive_field: int
    flattened: bool = False

    @property
    def output_shape(self) -> Shape:
        return self.kind.output_shape(self.input_shape)

    @property
    def parameters(self) -> Count:
        """How many weights and biases training changes."""
        return self.kind.parameters(self.input_shape)

    @property
    def multiply_adds(self) -> Count:
        return self.kind.multiply_adds(self.input_shape)

    @property
    def side_formula(self) -> str:
        return self.kind.side(self.input_shape)

    @property
    def call(self) -> Call:
        """The module that computes it."""
        return self.kind.call(self.input_shape)

    @property
    def title(self) -> str:
        return f"{self.name}: {self.kind.describe(self.input_shape, self.reads)}"

    @property
    def then(self) -> str:
        """What follows it and has no parameters."""
        return ", ".join(
            [
                *([self.function.title] if self.function else []),
                *([f"dropout {self.dropout:g}"] if self.dropout is not None else []),
                *(["flatten"] if self.flattened else []),
            ]
        )

    @property
    def activations(self) -> int:
        """How many numbers come out."""
        return math.prod(self.output_shape)

    @property
    def activation_bytes(self) -> int:
        """The memory of what comes out, in float32. In training it is kept until the gradients are computed."""
        return BYTES_PER_NUMBER * self.activations


def named(kinds: Sequence[Kind]) -> list[str]:
    """Return the names of layers by their kind, counted: `conv1`, `conv2`, `pool`, `fc1`."""
    totals = Counter(kind.prefix for kind in kinds)
    counts: Counter[str] = Counter()
    names = []
    for kind in kinds:
        counts[kind.prefix] += 1
        single = totals[kind.prefix] == 1 and not kind.numbered
        names.append(kind.prefix if single else f"{kind.prefix}{counts[kind.prefix]}")
    return names


def parameter_count(layers: Sequence[Layer]) -> int:
    """Return how many weights and biases training changes in all of them."""
    return sum(layer.parameters.number for layer in layers)


def place_layers(kinds: Sequence[Kind], size: int, dropout: float) -> tuple[Layer, ...]:
    """Return the layers in the order in which an image of (1, size, size) passes them, the one of the logits last.

    Args:
        kinds: The layers before that one, which can be built: see `problems`.
        dropout: The share of outputs that training switches off, behind the layers that have it.
    """
    kinds = [*kinds, FullyConnected(LOGITS)]
    layers: list[Layer] = []
    shape: Shape = (1, size, size)
    reads, pixels, step = INPUT, 1, 1
    for name, kind in zip(named(kinds), kinds, strict=True):
        pixels, step = kind.receptive_field(pixels, step, size)
        if layers and kind.flattens and len(shape) > 1:
            layers[-1] = replace(layers[-1], flattened=True)
        function = FUNCTIONS.get(kind.activation)
        layers.append(Layer(name, kind, function, dropout if kind.dropout else None, reads, shape, pixels))
        reads, shape = name, layers[-1].output_shape
    layers[-1] = replace(layers[-1], function=SOFTMAX)
    return tuple(layers)
