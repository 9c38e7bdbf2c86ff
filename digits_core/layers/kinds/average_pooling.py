"""Average pooling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from digits_core.layers.base import Call, Pooling, Shape
from digits_core.layers.worked_example import Quantity, Table, WorkedExample, padded_window, reach

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class AveragePooling(Pooling):
    """The mean of each window."""

    title = "average pooling"
    words = (
        "Of each window the mean goes on: a quarter of the numbers, and every value counts the same. LeNet-5 shrank "
        "its maps so in 1998. There is nothing to learn here."
    )
    short_title = "mean pool"
    colour = 2
    kind: Literal["average_pooling"] = field(default="average_pooling", kw_only=True)

    def call(self, shape: Shape) -> Call:
        return Call("AvgPool2d", (), {"kernel_size": self.kernel, "stride": self.stride})

    def describe(self, shape: Shape, reads: str) -> str:
        return f"the mean of each {self.kernel} × {self.kernel}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "AveragePool", {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2}

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self.place(row, column)
        window = padded_window(inputs[unit : unit + 1], place, 0)[0]
        total, mean = float(window.sum()), float(window.mean())
        quantities = (
            Quantity(f"Sum of {window.size}", total, "All values that the window sees, added up."),
            Quantity(f"÷ {window.size} = mean", mean, "What goes on to the next layer."),
        )
        table = Table("window", "The window: all of it counts", window, reach(window), digits=4)
        return WorkedExample(quantities, mean, None, place, range(unit, unit + 1), ((table,),))


KIND = AveragePooling
