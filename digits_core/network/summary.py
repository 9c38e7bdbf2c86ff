"""A network layer by layer: shapes, parameters, multiply-adds, receptive field; read off a real forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from digits_core.network.improved_net import ImprovedNet

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer for one image. Shapes without the batch; `receptive_field` in pixels of the input's side."""

    name: str
    kind: str
    kernel: str
    stride: str
    padding: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    formula: str
    multiply_adds: int
    receptive_field: int


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
    return _with_receptive_fields(passed, network.size)


def _note(passed: list[tuple[str, nn.Module, Shape, Shape]], name: str) -> Callable[..., None]:
    def hook(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        passed.append((name, module, tuple(inputs[0].shape[1:]), tuple(output.shape[1:])))

    return hook


def _counts(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.Linear)


def _with_receptive_fields(passed: list[tuple[str, nn.Module, Shape, Shape]], size: int) -> list[Layer]:
    """Each layer widens the field by (kernel - 1) steps of what one step has come to (A. Araujo, Distill 2019)."""
    layers, field, step = [], 1, 1
    for name, module, before, after in passed:
        if isinstance(module, nn.Linear):
            field = size
        else:
            field += (_side(module.kernel_size) - 1) * step
            step *= _side(module.stride)
        layers.append(_layer(name, module, before, after, field))
    return layers


def _layer(name: str, module: nn.Module, before: Shape, after: Shape, field: int) -> Layer:
    kernel = stride = padding = formula = "–"
    weights = multiply_adds = 0
    match module:
        case nn.Conv2d():
            inputs, outputs, side = module.in_channels, module.out_channels, _side(module.kernel_size)
            kernel, stride, padding = f"{side}×{side}", str(_side(module.stride)), str(_side(module.padding))
            formula = f"{outputs} · ({inputs}·{side}·{side} + 1)"
            weights = inputs * outputs * side * side
            multiply_adds = weights * after[1] * after[2]
        case nn.MaxPool2d():
            side = _side(module.kernel_size)
            kernel, stride, padding = f"{side}×{side}", str(_side(module.stride)), str(_side(module.padding))
        case nn.Linear():
            formula = f"{module.out_features} · ({module.in_features} + 1)"
            multiply_adds = module.in_features * module.out_features
    parameters = sum(values.numel() for values in module.parameters())
    kind = {"Conv2d": "convolution", "MaxPool2d": "max pooling", "Linear": "fully connected"}[type(module).__name__]
    return Layer(name, kind, kernel, stride, padding, before, after, parameters, formula, multiply_adds, field)


def _side(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]
