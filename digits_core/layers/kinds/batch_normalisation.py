"""Batch normalisation (S. Ioffe, C. Szegedy, ICML 2015)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from digits_core.layers.base import Call, Count, Kind, Shape
from digits_core.layers.worked_example import Place, Quantity, Table, WorkedExample, reach

if TYPE_CHECKING:
    from torch import nn

EPSILON = 1e-5
"""Added to the variance so that nothing is divided by 0; PyTorch's own value."""


@dataclass(frozen=True)
class BatchNormalisation(Kind):
    """Each map normalised by its mean and variance over a batch, then scaled and shifted by two learnt numbers."""

    title = "batch norm"
    unit = "Map"
    words = (
        "Each map is brought to mean 0 and variance 1 over the batch, then scaled and shifted by two numbers that are "
        "learnt. Layers behind it see values of the same size whatever those before it do, so larger steps are safe. "
        "In use, the means and variances that training collected take the place of the batch's."
    )
    short_title = "batch norm"
    prefix = "bn"
    colour = 5
    weights = ("weight", "bias", "running_mean", "running_var")
    collects = True
    reads_maps = True
    kind: Literal["batch_normalisation"] = field(default="batch_normalisation", kw_only=True)

    @property
    def size_in_words(self) -> str:
        return ""

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def call(self, shape: Shape) -> Call:
        return Call("BatchNorm2d", (shape[0],))

    def describe(self, shape: Shape, reads: str) -> str:
        return f"{shape[0]} maps at mean 0 and variance 1, then scaled"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "BatchNormalization", {"epsilon": EPSILON}

    def parameters(self, shape: Shape) -> Count:
        return Count(2 * shape[0], f"2 · {shape[0]}")

    def problem(self, shape: Shape) -> str:
        if found := super().problem(shape):
            return found
        if math.prod(shape[1:]) < 2:
            return "has one value in each map, which leaves no variance where a batch has a single image"
        return ""

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        scale, shift = (float(module.get_parameter(name)[unit].detach()) for name in ("weight", "bias"))
        mean, variance = (float(module.get_buffer(name)[unit]) for name in ("running_mean", "running_var"))
        value = float(inputs[unit, row, column])
        normalised = (value - mean) / math.sqrt(variance + EPSILON)
        result = scale * normalised + shift
        quantities = (
            Quantity("Value", value, "What comes in at this place of the map."),
            Quantity("− mean", mean, "The mean of this map, as training collected it."),
            Quantity("÷ deviation", math.sqrt(variance + EPSILON), "The root of its variance, and a little against 0."),
            Quantity("× scale", scale, "A number that is learnt, one for each map."),
            Quantity("+ shift", shift, "Another one that is learnt."),
            Quantity("= result", result, "What the layer puts out before its activation function."),
        )
        table = Table(
            "window", "The value", inputs[unit, row : row + 1, column : column + 1], reach(inputs[unit]), digits=4
        )
        return WorkedExample(quantities, result, None, Place(row, column, 1), range(unit, unit + 1), ((table,),))


KIND = BatchNormalisation
