"""Convolutions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from digits_core.layers.base import Call, Count, Kind, Shape, Windowed, weighted_sum
from digits_core.layers.worked_example import Table, WeightedSum, WorkedExample, padded_window, reach

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Convolution(Windowed):
    """`channels` filters, each with a kernel for every map that comes in."""

    title = "convolution"
    unit = "Filter"
    words = (
        "Each filter is a small window of weights that slides over the image: at every place it multiplies what it "
        "sees with its weights and adds up. The same few weights serve all places, so a stroke is found anywhere."
    )
    short_title = "conv"
    prefix = "conv"
    colour = 0
    weights = ("weight", "bias")
    channels: Annotated[int, Field(ge=1, le=64)]
    kernel: Literal[1, 3, 5, 7] = 3
    stride: Literal[1, 2] = 1
    padding: Literal["same", "none"] = "same"
    """Zeros around each map, as many as the window reaches beyond it, or none, so that the maps shrink."""
    kind: Literal["convolution"] = field(default="convolution", kw_only=True)

    @classmethod
    def usual(cls) -> Self:
        return cls(16, activation="relu")

    @property
    def border(self) -> int:
        return self.kernel // 2 if self.padding == "same" else 0

    def repaired(self, shape: Shape) -> Kind | None:
        return replace(self, padding="same") if len(shape) == 3 else None

    @property
    def size_in_words(self) -> str:
        return str(self.channels) if self.kernel == 3 else f"{self.channels} of {self.kernel}×{self.kernel}"

    def output_shape(self, shape: Shape) -> Shape:
        return (self.channels, *map(self._side, shape[1:]))

    def call(self, shape: Shape) -> Call:
        window = {"kernel_size": self.kernel, "stride": self.stride, "padding": self.border}
        return Call("Conv2d", (shape[0], self.channels), window)

    def describe(self, shape: Shape, reads: str) -> str:
        return f"{self.channels} filters over {'the image' if reads == 'input' else f'the maps of {reads}'}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        window = {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2, "pads": [self.border] * 4}
        return "Conv", window

    def parameters(self, shape: Shape) -> Count:
        number = self.channels * (shape[0] * self.kernel**2 + 1)
        return Count(number, f"{self.channels} · ({shape[0]}·{self.kernel}·{self.kernel} + 1)")

    def multiply_adds(self, shape: Shape) -> Count:
        _, height, width = self.output_shape(shape)
        number = self.channels * height * width * shape[0] * self.kernel**2
        return Count(number, f"{self.channels}·{height}·{width} · {shape[0]}·{self.kernel}·{self.kernel}")

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self.place(row, column)
        sum_ = weighted_sum(module, padded_window(inputs, place, self.border), unit)
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


KIND = Convolution
