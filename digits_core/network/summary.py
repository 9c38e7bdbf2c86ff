"""A network layer by layer: shapes, parameters, work, receptive field and memory, read off a real forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from digits_core.network.improved_net import ImprovedNet

Shape = tuple[int, ...]
BYTES_PER_NUMBER = 4
"""float32"""


@dataclass(frozen=True)
class Layer:
    """One layer for one image. Shapes without the batch; `receptive_field` in pixels of the input's side.

    `then` is what follows it and has no parameters; `formula`, `side_formula` and `cost_formula` say how `parameters`,
    the side of the output and `multiply_adds` come about: `–` where there is nothing to compute.
    """

    name: str
    kind: str
    kernel: str
    stride: str
    padding: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    formula: str
    side_formula: str
    multiply_adds: int
    cost_formula: str
    receptive_field: int
    then: str

    @property
    def activations(self) -> int:
        """How many numbers come out."""
        return math.prod(self.output_shape)

    @property
    def activation_bytes(self) -> int:
        """The memory of what comes out, in float32. In training it is kept until the gradients are computed."""
        return BYTES_PER_NUMBER * self.activations


def summarise(network: ImprovedNet) -> list[Layer]:
    """The layers in the order in which an image of (1, S, S) passes them."""
    passed: list[tuple[str, nn.Module, Shape, Shape]] = []
    handles = [
        module.register_forward_hook(_note(passed, name)) for name, module in network.named_modules() if _counts(module)
    ]
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 1, network.size, network.size))
    finally:
        for handle in handles:
            handle.remove()
    return _with_receptive_fields(passed, network)


def _note(passed: list[tuple[str, nn.Module, Shape, Shape]], name: str) -> Callable[..., None]:
    def hook(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        passed.append((name, module, tuple(inputs[0].shape[1:]), tuple(output.shape[1:])))

    return hook


def _counts(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.Linear)


def _with_receptive_fields(passed: list[tuple[str, nn.Module, Shape, Shape]], network: ImprovedNet) -> list[Layer]:
    """Each layer widens the field by (kernel - 1) steps of what one step has come to (A. Araujo, Distill 2019)."""
    layers, field, step = [], 1, 1
    following = [module for _, module, _, _ in passed[1:]]
    for (name, module, before, after), follows in zip(passed, [*following, None], strict=True):
        if isinstance(module, nn.Linear):
            field = network.size
        else:
            field += (_side(module.kernel_size) - 1) * step
            step *= _side(module.stride)
        layers.append(_layer(name, module, before, after, field, _then(module, follows, network.dropout.p)))
    return layers


def _layer(name: str, module: nn.Module, before: Shape, after: Shape, field: int, then: str) -> Layer:
    kernel = stride = padding = formula = side_formula = cost_formula = "–"
    multiply_adds = 0
    if isinstance(module, nn.Conv2d | nn.MaxPool2d):
        side, step, border = _side(module.kernel_size), _side(module.stride), _side(module.padding)
        kernel, stride, padding = f"{side}×{side}", str(step), str(border)
        side_formula = f"⌊({before[1]} + 2·{border} - {side}) / {step}⌋ + 1"
    match module:
        case nn.Conv2d():
            inputs, outputs = module.in_channels, module.out_channels
            formula = f"{outputs} · ({inputs}·{side}·{side} + 1)"
            cost_formula = f"{outputs}·{after[1]}·{after[2]} · {inputs}·{side}·{side}"
            multiply_adds = math.prod(after) * inputs * side * side
        case nn.Linear():
            formula = f"{module.out_features} · ({module.in_features} + 1)"
            cost_formula = f"{module.out_features} · {module.in_features}"
            multiply_adds = module.in_features * module.out_features
    parameters = sum(values.numel() for values in module.parameters())
    kind = {"Conv2d": "convolution", "MaxPool2d": "max pooling", "Linear": "fully connected"}[type(module).__name__]
    return Layer(
        name, kind, kernel, stride, padding, before, after, parameters, formula, side_formula, multiply_adds,
        cost_formula, field, then,
    )  # fmt: skip


def _then(module: nn.Module, follows: nn.Module | None, dropout: float) -> str:
    """What stands between this layer and the next in the lecture's order."""
    if follows is None:
        return "softmax"
    match module:
        case nn.Conv2d():
            return "ReLU"
        case nn.Linear():
            return f"ReLU, dropout {dropout:g}"
        case _:
            return "flatten" if isinstance(follows, nn.Linear) else ""


def _side(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]
