"""A network of named layers: the one forward pass, what each layer makes of images, and one number worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from digits_core.layers.base import Kind, float64
from digits_core.layers.functions import ActivationFunction
from digits_core.layers.placed import INPUT, Layer, place_layers
from digits_core.layers.worked_example import Quantity, WorkedExample
from digits_core.markup import Html, bold, heading, joined, table

NONE: Mapping[str, Sequence[int]] = {}


@dataclass(frozen=True)
class Activation:
    """What comes out of a layer for B images, (B, C, H, W) or (B, units): before its function, and after it."""

    before: Tensor
    function: ActivationFunction | None = None

    @cached_property
    def after(self) -> Tensor:
        return self.function.compute(self.before) if self.function else self.before


class Network(nn.Module):
    """Images float32 (B, 1, S, S), normalised → logits float32 (B, 10), through named layers one after the other."""

    def __init__(self, kinds: Sequence[Kind], size: int, dropout: float) -> None:
        super().__init__()
        self.size = size
        self.layers = place_layers(kinds, size, dropout)
        for layer in self.layers:
            self.add_module(layer.name, layer.call.build())
        self.dropout = nn.Dropout(dropout)

    def forward(self, images: Tensor) -> Tensor:
        for _, found in self._activations(images):
            logits = found.before
        return logits

    def features(self, images: Tensor, *names: str) -> dict[str, Activation]:
        """Return what each layer makes of images, by name and in order, the input first; or only these layers."""
        return {name: each for name, each in self._activations(images) if not names or name in names}

    def logits_without(self, images: Tensor, off: Mapping[str, Sequence[int]]) -> Tensor:
        """Return the logits where some units are switched off: `off` names their layers, and what comes out is 0."""
        for _, found in self._activations(images, off):
            logits = found.before
        return logits

    def _repr_html_(self) -> Html:
        rows: list[list[object]] = []
        for layer in self.layers:
            about = layer.kind.describe(layer.input_shape, layer.reads), layer.then, layer.output_shape
            rows.append([bold(layer.name), *about, f"{layer.parameters.number:,}", layer.parameters.formula])
        parameters = sum(layer.parameters.number for layer in self.layers)
        images = f"images (B, 1, {self.size}, {self.size}) to logits (B, {self.last.output_shape[0]})"
        head = ["layer", "what it does", "then", "output of one image", "parameters", "because"]
        return joined([heading(type(self).__name__, images, f"{parameters:,} parameters"), table(rows, head)])

    @property
    def last(self) -> Layer:
        """The layer that puts out the logits."""
        return self.layers[-1]

    def layer(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)

    def weights(self, name: str) -> Tensor:
        """Return the weights of one layer without their gradient."""
        return self.get_parameter(f"{name}.weight").detach()

    def work_out(
        self, found: Mapping[str, Activation], name: str, unit: int, row: int = 0, column: int = 0
    ) -> WorkedExample:
        """Work out one number of a layer, for the first of the images in `found`, which `features` returned.

        row and column: its place in the map `unit`; a layer without maps has none.
        """
        layer = self.layer(name)
        inputs = float64(found[layer.reads].after[0])
        example = layer.kind.work_out(self.get_submodule(name), inputs, unit, row, column)
        if layer.function is None or layer == self.last:  # softmax takes all logits at once
            return example
        after = float(layer.function.compute(torch.tensor(example.result, dtype=torch.float64)))
        quantity = Quantity(f"after {layer.function.title}", after, layer.function.words)
        return replace(example, quantities=(*example.quantities, quantity))

    def _activations(self, x: Tensor, off: Mapping[str, Sequence[int]] = NONE) -> Iterator[tuple[str, Activation]]:
        """Yield the input, then each layer's name and what it makes of it, in order; what is `off` gives 0."""
        yield INPUT, Activation(x)
        waiting = None
        for layer, following in zip(self.layers, (*self.layers[1:], None), strict=True):
            before = getattr(self, layer.name)(x.flatten(1) if layer.kind.flattens else x)
            found = Activation(waiting.compute(before) if waiting else before, layer.function)
            yield layer.name, found
            waiting = None
            if following is None:
                return
            chosen = following.kind.chooses and layer.dropout is None
            if chosen and layer.function and layer.function.keeps_order and layer.name not in off:
                # ReLU does not change which of four values is the largest: pooling first is a quarter of its work.
                x, waiting = found.before, layer.function
                continue
            x = found.after
            if units := off.get(layer.name):
                x = x.index_fill(1, torch.tensor(units, device=x.device), 0.0)
            if layer.dropout is not None:
                x = self.dropout(x)
