"""The table of a traced network: its modules as its author named them, and how they hang together."""

import pytest
import torch
from torch import nn
from torchinfo import summary

from digits_core.layers.functions import FUNCTIONS, SOFTMAX
from digits_core.network.traced_network import layer_table
from digits_core.network.tracing import trace
from tests.unit.network.learners_networks import (
    Averaged,
    LectureNet,
    OnlyParameters,
    Recurrent,
    Residual,
    SmallTransformer,
    mlp,
    resnet18,
)
from tests.unit.networks import improved_net

IMAGES = torch.randn(2, 1, 28, 28)


def table(network, example=IMAGES):
    return layer_table(trace(network, example))


def test_the_lectures_network_has_the_figures_of_the_apps_own():
    expected, found = improved_net().layers, table(LectureNet())

    for wanted, layer in zip(expected, found, strict=True):
        assert (layer.name, layer.output_shape, layer.function) == (wanted.name, wanted.output_shape, wanted.function)
        assert layer.parameters.number == wanted.parameters.number
        assert layer.reads == (wanted.reads,)
        assert layer.activation_bytes == wanted.activation_bytes
        if wanted.kind.weights:
            assert layer.multiply_adds.number == wanted.multiply_adds.number
    assert [layer.kind for layer in found] == ["Conv2d", "Conv2d", "MaxPool2d", "Linear", "Linear", "Linear"]
    assert [layer.then for layer in found] == ["relu", "relu", "view", "relu", "relu", ""]


def test_a_module_that_is_called_again_has_a_number_and_branches_meet():
    layers = {layer.name: layer for layer in table(Residual())}

    assert list(layers) == ["stem", "act", "depthwise", "norm", "act (2)", "pool", "head"]
    assert layers["depthwise"].reads == ("act",)
    assert layers["norm"].then == "add"
    assert layers["act (2)"].reads == ("act", "norm")
    assert (layers["head"].then, layers["head"].function) == ("log_softmax", SOFTMAX)


def test_what_comes_after_the_last_module_puts_out_the_scores():
    layers = table(Averaged())
    assert [layer.name for layer in layers] == ["head", "scores"]
    assert (layers[1].kind, layers[1].output_shape, layers[1].reads) == ("view, mean", (10,), ("head",))


def test_a_functions_that_is_a_module_is_a_layer_of_its_own():
    layers = table(mlp(), torch.randn(2, 784))
    assert [(layer.name, layer.kind) for layer in layers] == [
        ("0", "Linear"),
        ("1", "GELU"),
        ("2", "LayerNorm"),
        ("4", "Linear"),
    ]
    assert layers[0].function is None


def test_a_network_without_modules_is_one_layer():
    (layer,) = table(OnlyParameters())
    assert (layer.name, layer.kind, layer.output_shape) == ("network", "OnlyParameters", (10,))
    assert layer.parameters.number == 7840


def test_a_recurrent_layer_puts_out_its_sequence():
    rows, head = table(Recurrent(), torch.randn(2, 28, 28))
    assert (rows.kind, rows.output_shape, rows.reads) == ("LSTM", (28, 12), ("input",))
    assert rows.multiply_adds.number == 28 * 4 * 12 * (28 + 12)
    assert head.reads == ("rows",)


def test_a_transformers_residuals_are_in_what_its_layers_read():
    layers = {layer.name: layer for layer in table(SmallTransformer())}
    assert layers["encoder.layers.0.norm1"].reads == ("patches", "encoder.layers.0.self_attn")
    assert layers["encoder.layers.0.linear1"].function is FUNCTIONS["relu"]


@pytest.mark.parametrize("make", [LectureNet, Residual, resnet18])
def test_another_counter_finds_the_same_parameters_and_multiplications(make):
    network = make()
    found, counted = table(network), summary(network, input_data=IMAGES[:1], verbose=0)

    assert sum(layer.parameters.number for layer in found) == counted.total_params
    convolutions = {layer.name: layer for layer in found if layer.kind == "Conv2d"}
    for info in counted.summary_list:
        if isinstance(info.module, nn.Conv2d):
            name = next(name for name, module in network.named_modules() if module is info.module)
            assert convolutions[name].output_shape == tuple(info.output_size[1:])
