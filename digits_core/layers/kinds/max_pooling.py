"""Max pooling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from digits_core.layers.base import Call, Pooling, Shape
from digits_core.layers.worked_example import Quantity, Table, WorkedExample, padded_window

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class MaxPooling(Pooling):
    """The largest value of each window."""

    title = "max pooling"
    words = (
        "Of each window only the largest value goes on: a quarter of the numbers, and it matters less where exactly "
        "something was found. There is nothing to learn here."
    )
    short_title = "max pool"
    colour = 7
    chooses = True
    kind: Literal["max_pooling"] = field(default="max_pooling", kw_only=True)

    def call(self, shape: Shape) -> Call:
        return Call("MaxPool2d", (), {"kernel_size": self.kernel, "stride": self.stride})

    def describe(self, shape: Shape, reads: str) -> str:
        return f"the largest of each {self.kernel} × {self.kernel}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "MaxPool", {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2}

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self.place(row, column)
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


KIND = MaxPooling
