"""A network that is run from its traced program: data of unknown origin, and no Python of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from digits_core.errors import NetworkError
from digits_core.layers.placed import INPUT, LOGITS
from digits_core.network.layered_network import Activation
from digits_core.network.traced_layers import TracedLayer, place_traced_layers
from digits_core.network.traced_program import BATCH, TracedProgram
from digits_core.network.traced_shapes import Judge, Shape
from digits_core.network.traced_steps import make_steps, walk

LARGEST_SIDE = 64
"""Of an image, in pixels."""
DEEPEST = 100
"""Modules in modules: Python can follow them ten times as far."""


class TracedNetwork(nn.Module):
    """Images float32 (B, 1, S, S), normalised → scores float32 (B, 10), by a program and its tensors alone.

    Like `Network` it has `size`, `layers`, `last`, `layer` and `features`, and its parameters, whose names begin with
    "tensors." here. It is as it was traced: in eval mode, without dropout.

    Raises:
        NetworkError: The program is not one that may be run; the text says what is wrong with it in one sentence.
    """

    def __init__(self, program: TracedProgram) -> None:
        super().__init__()
        graph = program.graph
        if not is_image_shape(graph.image_shape):
            raise NetworkError(
                f"The network reads images of shape {in_words(graph.image_shape)}; that must be (1, S, S), (S, S) or "
                f"(S·S) with S up to {LARGEST_SIDE}."
            )
        self.size = graph.size
        self._graph = graph
        self._steps = make_steps(graph, program.tensors)
        self.tensors = nn.Module()
        parameters = set(graph.parameters)
        for name, values in program.tensors.items():
            _keep(self.tensors, name, torch.from_numpy(np.array(values)), name in parameters)
        if missing := parameters - set(program.tensors):
            raise NetworkError(f"The tensor “{min(missing)}” is missing.")
        self._judge = Judge(graph, self._steps, self._by_name())
        costs = self._judge.judge()
        self._shapes = costs.shapes
        for node, shape in zip(graph.nodes, costs.shapes[1:], strict=True):
            if node.shape != shape:
                raise NetworkError(f"“{node.name}” puts out {in_words(shape)}, not {in_words(node.shape)} as it says.")
        self._output = next(place for place, node in enumerate(graph.nodes, start=1) if node.name == graph.output)
        if (made := costs.shapes[self._output]) != (BATCH, LOGITS):
            raise NetworkError(f"The network puts out {in_words(made)}; it must be {LOGITS} scores for each image.")
        self.layers: tuple[TracedLayer, ...] = place_traced_layers(program, costs)

    def forward(self, images: Tensor) -> Tensor:
        for place, made in self._walk(images):
            if place == self._output:
                return made.float()
        raise AssertionError("The output is one of the nodes.")

    def features(self, images: Tensor, *names: str) -> dict[str, Activation]:
        """Return what each layer makes of images, by name and in order, the input first; or only these layers.

        The images come first in each, (B, …), wherever the network itself has them.
        """
        wanted = {layer.place: layer for layer in self.layers if not names or layer.name in names}
        found = {INPUT: Activation(images)} if not names or INPUT in names else {}
        made = {place: value for place, value in self._walk(images) if place in wanted}
        for place, layer in wanted.items():
            found[layer.name] = Activation(_images_first(made[place], self._shapes[place], len(images)), layer.function)
        return found

    @property
    def last(self) -> TracedLayer:
        """The layer that puts out the scores."""
        return self.layers[-1]

    def layer(self, name: str) -> TracedLayer:
        return next(layer for layer in self.layers if layer.name == name)

    def _walk(self, images: Tensor) -> Iterator[tuple[int, Any]]:
        self._judge.accept(len(images))
        x = images.to(getattr(torch, self._graph.dtype)).reshape(len(images), *self._graph.image_shape)
        return walk(self._steps, x, self._by_name())

    def _by_name(self) -> dict[str, Tensor]:
        return dict(self.tensors.named_parameters()) | dict(self.tensors.named_buffers())


def in_words(shape: Shape | None) -> str:
    return "no tensor" if shape is None else f"({', '.join(map(str, shape))})"


def is_image_shape(shape: tuple[int, ...]) -> bool:
    """Return whether it is one in which a network may read a single image: (1, S, S), (S, S) or (S·S,)."""
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        return False
    side = shape[-1] if len(shape) > 1 else math.isqrt(shape[0])
    return side <= LARGEST_SIDE and shape in ((side * side,), (side, side), (1, side, side))


def _keep(root: nn.Module, name: str, values: Tensor, is_parameter: bool) -> None:
    """Put a tensor in the place that its dotted name says, in modules that have nothing but tensors."""
    *path, last = name.split(".")
    try:
        if len(path) > DEEPEST:
            raise KeyError(name)
        for part in path:
            if part not in root._modules:
                root.add_module(part, nn.Module())
            root = root.get_submodule(part)
        if is_parameter and values.is_floating_point():
            root.register_parameter(last, nn.Parameter(values))
        else:
            root.register_buffer(last, values)
    except (KeyError, AttributeError, TypeError) as error:
        raise NetworkError(f"“{name[:200]}” is not a name that a tensor can have.") from error


def _images_first(made: Tensor, shape: Shape | None, count: int) -> Tensor:
    """Return what a layer put out with the images in the first dimension, which a recurrent network may have elsewhere.

    What was folded together with the images, (B·T, …), is (B, T, …). What does not depend on them is there for each.
    """
    place = next((place for place, each in enumerate(shape or ()) if isinstance(each, str)), None)
    if place is None:
        return made.expand(count, *made.shape)
    made = made.movedim(place, 0)
    return made if len(made) == count else made.unflatten(0, (count, len(made) // max(count, 1)))


def layer_table(program: TracedProgram) -> tuple[TracedLayer, ...]:
    """Return the layers of a program, in order, with their shapes, parameters and costs; `NetworkError` as above."""
    return TracedNetwork(program).layers
