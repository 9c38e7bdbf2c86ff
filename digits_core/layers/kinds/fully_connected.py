"""Fully connected layers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from digits_core.layers.base import Call, Count, Kind, Shape, weighted_sum
from digits_core.layers.worked_example import WorkedExample

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class FullyConnected(Kind):
    """`units` neurons, each with a weight for every number that comes in."""

    title = "fully connected"
    unit = "Neuron"
    words = (
        "Every unit has a weight of its own for every number that comes in. That sees everything at once, and is where "
        "nearly all parameters are."
    )
    short_title = "fc"
    prefix = "fc"
    colour = 4
    weights = ("weight", "bias")
    flattens = True
    units: Annotated[int, Field(ge=1, le=512)]
    kind: Literal["fully_connected"] = field(default="fully_connected", kw_only=True)

    @classmethod
    def usual(cls) -> Self:
        return cls(64, activation="relu")

    @property
    def size_in_words(self) -> str:
        return str(self.units)

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
        sum_ = weighted_sum(module, inputs.ravel(), unit)
        return WorkedExample(sum_.quantities, sum_.total, sum_)


KIND = FullyConnected
