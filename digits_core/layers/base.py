"""What a kind of layer is: its settings as data, and how it is built, drawn, explained and exported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import AfterValidator, ConfigDict, Field

from digits_core.entries.base import OneOf
from digits_core.entries.lazy import nn
from digits_core.layers.functions import FUNCTIONS
from digits_core.layers.worked_example import Place, WeightedSum, WorkedExample

if TYPE_CHECKING:
    from torch import Tensor

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


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """One kind of layer, and with its settings one layer of a network. Shapes are those of one image.

    Subclasses are frozen dataclasses. Their fields are what a network is described by, in JSON too, so each has its
    bounds in its annotation, and `kind` tells one kind from another.

    Attributes:
        activation: The function that follows it, a name of `FUNCTIONS`; "" for none.
        dropout: Whether training switches off a share of its outputs, which is a setting of the training.
        title, words: What it is, and why one uses it.
        unit: What one of its outputs is called.
        prefix: How its layers are named: `conv1`.
        numbered: Whether it has a number where it is the only one of its prefix.
        colour: One of the ten of the palette.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", revalidate_instances="always")

    activation: Annotated[str, AfterValidator(OneOf(["", *FUNCTIONS]))] = ""
    dropout: bool = False

    title: ClassVar[str]
    short_title: ClassVar[str]
    prefix: ClassVar[str]
    numbered: ClassVar[bool] = True
    unit: ClassVar[str]
    words: ClassVar[str]
    colour: ClassVar[int]
    weights: ClassVar[tuple[str, ...]] = ()
    """The parameters of its module, as PyTorch names them and in the order of its ONNX operator."""
    flattens: ClassVar[bool] = False
    """It reads all numbers in one row, however they come."""
    chooses: ClassVar[bool] = False
    """It only chooses among the values that come in, by their size."""
    collects: ClassVar[bool] = False
    """It keeps numbers of the images that pass in training, and uses these later."""
    reads_maps: ClassVar[bool] = False
    """It reads maps alone, so no layer before it may have put all numbers in one row."""

    @classmethod
    def usual(cls) -> Self:
        """Return one as people begin with it."""
        return cls()

    @property
    def window(self) -> tuple[int, int, int] | None:
        """The side, the stride and the border of the window that slides over its maps, if there is one."""
        return None

    @property
    @abstractmethod
    def size_in_words(self) -> str:
        """How large it is, as short as a table has room for: `16 filters` is `16`."""

    @property
    def short(self) -> str:
        """What it is called in a table: `conv 16`, with its function if that is not the usual one."""
        function = FUNCTIONS[self.activation].title if self.activation not in ("", "relu") else ""
        return " ".join(part for part in (self.short_title, self.size_in_words, function) if part)

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

    def receptive_field(self, pixels: int, step: int, size: int) -> tuple[int, int]:
        """Return the pixels that one output sees, and how many lie between two outputs, from those of its inputs."""
        return pixels, step

    def problem(self, shape: Shape) -> str:
        """Return why it cannot read `shape`, as a sentence without its end; "" if it can."""
        if self.reads_maps and len(shape) < 3:
            return "reads maps, but the layer before it puts out one row of numbers"
        return ""

    def repaired(self, shape: Shape) -> Kind | None:
        """Return what to have in its place where it cannot read `shape`; `None` to leave it out."""
        return None


class Windowed(Kind):
    """A square window that slides over maps: how it changes their side, and how much of the image it sees.

    kernel: its side; stride: how far it moves at a time; both in cells of the maps.
    """

    reads_maps = True
    kernel: int
    stride: int

    @property
    def border(self) -> int:
        """How many cells of zeros lie around each map."""
        return 0

    @property
    def window(self) -> tuple[int, int, int]:
        return self.kernel, self.stride, self.border

    def _side(self, side: int) -> int:
        return (side + 2 * self.border - self.kernel) // self.stride + 1

    def side(self, shape: Shape) -> str:
        return f"⌊({shape[1]} + 2·{self.border} - {self.kernel}) / {self.stride}⌋ + 1"

    def problem(self, shape: Shape) -> str:
        if found := super().problem(shape):
            return found
        if self._side(shape[1]) < 1:
            return f"has a window of {self.kernel}×{self.kernel}, but its input is {shape[1]}×{shape[2]}"
        return ""

    def receptive_field(self, pixels: int, step: int, size: int) -> tuple[int, int]:
        # Each layer widens the field by (kernel - 1) steps of what one step has come to (A. Araujo, Distill 2019).
        return pixels + (self.kernel - 1) * step, step * self.stride

    def place(self, row: int, column: int) -> Place:
        return Place(row * self.stride - self.border, column * self.stride - self.border, self.kernel)


@dataclass(frozen=True)
class Pooling(Windowed):
    """A window that makes one number of what it sees of a map; it has nothing to learn."""

    unit = "Map"
    prefix = "pool"
    numbered = False
    kernel: Annotated[int, Field(ge=2, le=4)] = 2
    stride: Annotated[int, Field(ge=1, le=4)] = 2

    @property
    def size_in_words(self) -> str:
        return "" if self.kernel == 2 else f"{self.kernel}×{self.kernel}"

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0], *map(self._side, shape[1:]))


def weighted_sum(module: nn.Module, inputs: np.ndarray, unit: int) -> WeightedSum:
    """Return the sum of one filter or neuron over the inputs that it reads."""
    weights, bias = module.get_parameter("weight")[unit], module.get_parameter("bias")[unit]
    return WeightedSum(inputs, float64(weights), float(bias.detach()))


def float64(values: Tensor) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)
