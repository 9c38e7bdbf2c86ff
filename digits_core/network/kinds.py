"""The kinds of layers. An addition is one class here: everything that builds, draws, explains or exports reads it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from digits_core.network.worked_example import (
    Place,
    Quantity,
    Table,
    WeightedSum,
    WorkedExample,
    padded_window,
    reach,
)

Shape = tuple[int, ...]
"""For one image: (channels, height, width), or (units,)."""


@dataclass(frozen=True)
class Call:
    """A module of `torch.nn` with its arguments: from this it is built, and from this its source text is written."""

    name: str
    arguments: tuple[int | str, ...] = ()
    named: dict[str, int] = field(default_factory=dict)

    def build(self) -> nn.Module:
        return getattr(nn, self.name)(*self.arguments, **self.named)

    @property
    def source(self) -> str:
        arguments = [*map(str, self.arguments), *(f"{name}={value}" for name, value in self.named.items())]
        return f"nn.{self.name}({', '.join(arguments)})"


@dataclass(frozen=True)
class Count:
    """A number and the formula that it follows from, `–` where there is nothing to compute."""

    number: int = 0
    formula: str = "–"


class Kind(ABC):
    """One kind of layer. Shapes are those of one image; `colour` is one of the ten of the palette.

    title and words: what it is and why one uses it; unit: what one of its outputs is called.
    """

    title: ClassVar[str]
    unit: ClassVar[str]
    words: ClassVar[str]
    colour: ClassVar[int]
    weights: ClassVar[tuple[str, ...]] = ()
    """The parameters of its module, as PyTorch names them and in the order of its ONNX operator."""
    flattens: ClassVar[bool] = False
    """It reads all numbers in one row, however they come."""
    chooses: ClassVar[bool] = False
    """It only chooses among the values that come in, by their size."""
    kernel: int | None = None
    stride: int | None = None
    padding: int | None = None

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape that comes out where `shape` comes in."""

    @abstractmethod
    def call(self, shape: Shape) -> Call:
        """Return the module that computes it, with its weights if it has any."""

    @abstractmethod
    def describe(self, shape: Shape, reads: str) -> str:
        """Return what it is made of and what it reads, in a few words."""

    @abstractmethod
    def operator(self) -> tuple[str, dict[str, Any]]:
        """Return the ONNX operator that computes it, and its attributes."""

    @abstractmethod
    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        """Return how one number comes about, of a layer that reads `inputs`, float64 of its input shape."""

    def parameters(self, shape: Shape) -> Count:
        """Return how many weights and biases there are."""
        return Count()

    def multiply_adds(self, shape: Shape) -> Count:
        """Return how many multiplications with an addition one image takes."""
        return Count()

    def side(self, shape: Shape) -> str:
        """Return the formula of the side of a map; `–` where no maps come out."""
        return "–"

    @abstractmethod
    def receptive_field(self, pixels: int, step: int, size: int) -> tuple[int, int]:
        """Return the pixels that one output sees, and how many lie between two outputs, from those of its inputs."""


class Windowed(Kind):
    """A square window that slides over maps: how it changes their side, and how much of the image it sees."""

    kernel: int
    stride: int
    padding: int

    def _side(self, side: int) -> int:
        return (side + 2 * self.padding - self.kernel) // self.stride + 1

    def side(self, shape: Shape) -> str:
        return f"⌊({shape[1]} + 2·{self.padding} - {self.kernel}) / {self.stride}⌋ + 1"

    def receptive_field(self, pixels: int, step: int, size: int) -> tuple[int, int]:
        # Each layer widens the field by (kernel - 1) steps of what one step has come to (A. Araujo, Distill 2019).
        return pixels + (self.kernel - 1) * step, step * self.stride

    def _place(self, row: int, column: int) -> Place:
        return Place(row * self.stride - self.padding, column * self.stride - self.padding, self.kernel)


@dataclass(frozen=True)
class Convolution(Windowed):
    """`channels` filters, each with a kernel for every map that comes in."""

    title = "convolution"
    unit = "Filter"
    words = (
        "Each filter is a small window of weights that slides over the image: at every place it multiplies what it "
        "sees with its weights and adds up. The same few weights serve all places, so a stroke is found anywhere."
    )
    colour = 0
    weights = ("weight", "bias")
    channels: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1

    def output_shape(self, shape: Shape) -> Shape:
        return (self.channels, *map(self._side, shape[1:]))

    def call(self, shape: Shape) -> Call:
        window = {"kernel_size": self.kernel, "stride": self.stride, "padding": self.padding}
        return Call("Conv2d", (shape[0], self.channels), window)

    def describe(self, shape: Shape, reads: str) -> str:
        return f"{self.channels} filters over {'the image' if reads == 'input' else f'the maps of {reads}'}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        window = {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2, "pads": [self.padding] * 4}
        return "Conv", window

    def parameters(self, shape: Shape) -> Count:
        number = self.channels * (shape[0] * self.kernel**2 + 1)
        return Count(number, f"{self.channels} · ({shape[0]}·{self.kernel}·{self.kernel} + 1)")

    def multiply_adds(self, shape: Shape) -> Count:
        _, height, width = self.output_shape(shape)
        number = self.channels * height * width * shape[0] * self.kernel**2
        return Count(number, f"{self.channels}·{height}·{width} · {shape[0]}·{self.kernel}·{self.kernel}")

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self._place(row, column)
        sum_ = _weighted_sum(module, padded_window(inputs, place, self.padding), unit)
        return WorkedExample(
            sum_.quantities,
            sum_.total,
            sum_,
            place,
            range(len(inputs)),
            tuple(self._tables(sum_, channel) for channel in range(len(inputs))),
        )

    def _tables(self, sum_: WeightedSum, channel: int) -> tuple[Table, ...]:
        patch, kernel, products = (values[channel] for values in (sum_.inputs, sum_.weights, sum_.products))
        added = f"{products.sum():.4f}".replace("-", "−")
        return (
            Table("patch", "Patch: what the window sees", patch, reach(sum_.inputs)),
            Table("kernel", "× kernel: the weights", kernel, reach(sum_.weights)),
            Table("products", f"= {products.size} products, sum {added}", products, reach(sum_.products)),
        )


@dataclass(frozen=True)
class MaxPooling(Windowed):
    """The largest value of each window."""

    title = "max pooling"
    unit = "Map"
    words = (
        "Of each window only the largest value goes on: a quarter of the numbers, and it matters less where exactly "
        "something was found. There is nothing to learn here."
    )
    colour = 7
    chooses = True
    padding = 0
    kernel: int = 2
    stride: int = 2

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0], *map(self._side, shape[1:]))

    def call(self, shape: Shape) -> Call:
        return Call("MaxPool2d", (), {"kernel_size": self.kernel, "stride": self.stride})

    def describe(self, shape: Shape, reads: str) -> str:
        return f"the largest of each {self.kernel} × {self.kernel}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "MaxPool", {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2}

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self._place(row, column)
        window = padded_window(inputs[unit : unit + 1], place, 0)[0]
        down, across = (int(index) for index in np.unravel_index(window.argmax(), window.shape))
        largest = float(window[down, across])
        found = f"row {down}, column {across}"
        if self.kernel == 2:
            found = f"{('upper', 'lower')[down]} {('left', 'right')[across]}"
        quantities = (
            Quantity(f"Largest of {window.size}", largest, "What goes on to the next layer; the others are left out."),
            Quantity("Found", found, "In backpropagation only this place gets a gradient."),
        )
        table = Table("window", "The window: the largest stays", window, max(1e-9, float(window.max())), digits=4)
        return WorkedExample(
            quantities,
            largest,
            None,
            place,
            range(unit, unit + 1),
            ((table,),),
            (place.top + down, place.left + across),
        )


@dataclass(frozen=True)
class FullyConnected(Kind):
    """`units` neurons, each with a weight for every number that comes in."""

    title = "fully connected"
    unit = "Neuron"
    words = (
        "Every unit has a weight of its own for every number that comes in. That sees everything at once, and is where "
        "nearly all parameters are."
    )
    colour = 4
    weights = ("weight", "bias")
    flattens = True
    units: int

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def call(self, shape: Shape) -> Call:
        return Call("Linear", (math.prod(shape), self.units))

    def describe(self, shape: Shape, reads: str) -> str:
        return f"{self.units} neurons"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "Gemm", {"transB": 1}

    def parameters(self, shape: Shape) -> Count:
        return Count(self.units * (math.prod(shape) + 1), f"{self.units} · ({math.prod(shape)} + 1)")

    def multiply_adds(self, shape: Shape) -> Count:
        return Count(self.units * math.prod(shape), f"{self.units} · {math.prod(shape)}")

    def receptive_field(self, pixels: int, step: int, size: int) -> tuple[int, int]:
        return size, step

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        sum_ = _weighted_sum(module, inputs.ravel(), unit)
        return WorkedExample(sum_.quantities, sum_.total, sum_)


def _weighted_sum(module: nn.Module, inputs: np.ndarray, unit: int) -> WeightedSum:
    weights, bias = module.get_parameter("weight")[unit], module.get_parameter("bias")[unit]
    return WeightedSum(inputs, float64(weights), float(bias.detach()))


def float64(values: Tensor) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)
