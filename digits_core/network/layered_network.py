"""A network of named layers: the one forward pass, what each layer makes of images, and one number worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from digits_core.layers.base import Kind, float64
from digits_core.layers.functions import ActivationFunction
from digits_core.layers.placed import INPUT, Layer, parameter_count, place_layers
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
    """Images float32 (B, 1, S, S), normalised → logits float32 (B, 10), through named layers one after the other.

    Attributes:
        size: S, the side of the images in pixels.
        layers: What each layer is and does, in order, the one of the logits last.
    """

    def __init__(self, kinds: Sequence[Kind], size: int, dropout: float) -> None:
        super().__init__()
        self.size = size
        self.layers = place_layers(kinds, size, dropout)
        for layer in self.layers:
            self.add_module(layer.name, layer.call.build())
        self.dropout = nn.Dropout(dropout)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images; called by `network(images)`.

        Args:
            images: float32 (B, 1, S, S), normalised.

        Returns:
            float32 (B, 10); their softmax is the probability of each digit.

        Example:
            >>> from digits_core import ImprovedNet
            >>> ImprovedNet().eval()(torch.zeros(2, 1, 28, 28)).softmax(dim=1).sum(dim=1).round(decimals=3)
            tensor([1., 1.], grad_fn=<RoundBackward1>)
        """
        for _, found in self._activations(images):
            logits = found.before
        return logits

    def features(self, images: Tensor, *names: str) -> dict[str, Activation]:
        """Return what each layer makes of images.

        Args:
            images: float32 (B, 1, S, S), normalised.
            names: Return only these layers; all if none is named.

        Returns:
            By name and in order, the input first: float32 (B, C, H, W) or (B, units), `before` the layer's activation
            function and `after` it.

        Example:
            >>> from digits_core import ImprovedNet
            >>> found = ImprovedNet().features(torch.zeros(2, 1, 28, 28))
            >>> {name: tuple(each.after.shape) for name, each in list(found.items())[:2]}
            {'input': (2, 1, 28, 28), 'conv1': (2, 16, 28, 28)}
        """
        return {name: each for name, each in self._activations(images) if not names or name in names}

    def logits_without(self, images: Tensor, off: Mapping[str, Sequence[int]]) -> Tensor:
        """Return the logits of images with some units switched off: what comes out of them is 0.

        Args:
            images: float32 (B, 1, S, S), normalised.
            off: The numbers of the units, from 0, by the names of their layers.

        Returns:
            float32 (B, 10).

        Example:
            >>> from digits_core import ImprovedNet
            >>> ImprovedNet().logits_without(torch.zeros(2, 1, 28, 28), {"conv1": [0, 5]}).shape
            torch.Size([2, 10])
        """
        for _, found in self._activations(images, off):
            logits = found.before
        return logits

    def _repr_html_(self) -> Html:
        rows: list[list[object]] = []
        for layer in self.layers:
            about = layer.kind.describe(layer.input_shape, layer.reads), layer.then, layer.output_shape
            rows.append([bold(layer.name), *about, f"{layer.parameters.number:,}", layer.parameters.formula])
        parameters = parameter_count(self.layers)
        images = f"images (B, 1, {self.size}, {self.size}) to logits (B, {self.last.output_shape[0]})"
        head = ["layer", "what it does", "then", "output of one image", "parameters", "because"]
        return joined([heading(type(self).__name__, images, f"{parameters:,} parameters"), table(rows, head)])

    @property
    def last(self) -> Layer:
        """The layer that puts out the logits."""
        return self.layers[-1]

    def layer(self, name: str) -> Layer:
        """Return what a layer is and does.

        Args:
            name: What it is called in `layers`.

        Returns:
            The layer with its shapes, its activation function and the number of its parameters.

        Raises:
            StopIteration: if there is no layer of that name.

        Example:
            >>> from digits_core import ImprovedNet
            >>> ImprovedNet().layer("conv1").output_shape
            (16, 28, 28)
        """
        return next(layer for layer in self.layers if layer.name == name)

    def weights(self, name: str) -> Tensor:
        """Return the weights of one layer without their gradient.

        Args:
            name: What the layer is called in `layers`.

        Returns:
            float32 (out, in, height, width) of a convolution, (out, in) of a fully connected layer.

        Raises:
            AttributeError: if there is no such layer, or it has no weights.

        Example:
            >>> from digits_core import ImprovedNet
            >>> ImprovedNet().weights("conv1").shape
            torch.Size([16, 1, 3, 3])
        """
        return self.get_parameter(f"{name}.weight").detach()

    def work_out(
        self, found: Mapping[str, Activation], name: str, unit: int, row: int = 0, column: int = 0
    ) -> WorkedExample:
        """Work out one number of a layer, for the first of the images.

        Args:
            found: What `features` returned for the images, all layers.
            name: What the layer is called in `layers`.
            unit: The number of its map or unit, from 0.
            row: The row of the number in the map; a layer without maps has none.
            column: Its column in the map.

        Returns:
            The products that the number is the sum of, the sum itself, and what follows from it.

        Example:
            >>> from digits_core import ImprovedNet
            >>> network = ImprovedNet()
            >>> found = network.features(torch.zeros(1, 1, 28, 28))
            >>> example = network.work_out(found, "conv1", unit=3, row=10, column=10)
            >>> abs(example.result - found["conv1"].before[0, 3, 10, 10].item()) < 1e-6
            True
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
