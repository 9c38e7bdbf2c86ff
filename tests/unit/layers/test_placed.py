"""The table of layers says what PyTorch itself counts."""

import pytest
import torch
import torchinfo
from torch.utils.flop_counter import FlopCounterMode

from digits_core.network.improved_net import ImprovedNet


@pytest.mark.parametrize("size", [8, 28, 33])
def test_parameters_and_multiply_adds_are_pytorchs(size):
    network = ImprovedNet(size)
    layers = network.layers
    assert sum(layer.parameters.number for layer in layers) == sum(values.numel() for values in network.parameters())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 1, size, size))
    # PyTorch counts a multiplication and its addition as two.
    assert 2 * sum(layer.multiply_adds.number for layer in layers) == counter.get_total_flops()


def test_the_layers_come_in_the_order_of_the_lecture_with_its_shapes():
    shapes = {layer.name: layer.output_shape for layer in ImprovedNet().layers}
    assert shapes == {
        "conv1": (16, 28, 28),
        "conv2": (32, 28, 28),
        "pool": (32, 14, 14),
        "fc1": (128,),
        "fc2": (64,),
        "fc3": (10,),
    }


@pytest.mark.parametrize("size", [8, 28, 33])
def test_each_layer_is_what_torchinfo_counts(size):
    network = ImprovedNet(size)
    counted = {each.var_name: each for each in torchinfo.summary(network, (1, 1, size, size), verbose=0).summary_list}
    for layer in network.layers:
        theirs = counted[layer.name]
        assert layer.parameters.number == theirs.num_params
        assert (1, *layer.output_shape) == tuple(theirs.output_size)
        assert layer.activations * 4 == layer.activation_bytes
        # torchinfo adds one for the bias at each place.
        places = layer.output_shape[1] * layer.output_shape[2] if layer.kind.title == "convolution" else 1
        biases = layer.output_shape[0] if layer.parameters.number else 0
        assert layer.multiply_adds.number + biases * places == theirs.macs


@pytest.mark.parametrize("size", [28, 33])
def test_formulas_give_what_they_explain(size):
    for layer in ImprovedNet(size).layers:
        for formula, value in (
            (layer.parameters.formula, layer.parameters.number),
            (layer.multiply_adds.formula, layer.multiply_adds.number),
            (layer.side_formula, layer.output_shape[-1]),
        ):
            if formula != "–":
                expression = formula.replace("·", "*").replace("⌊", "int(").replace("⌋", ")")
                assert set(expression) <= set("0123456789*+-/() int")
                assert eval(expression) == value


def test_what_follows_a_layer_is_the_lectures_order():
    assert [layer.then for layer in ImprovedNet(dropout=0.25).layers] == [
        "ReLU",
        "ReLU",
        "flatten",
        "ReLU, dropout 0.25",
        "ReLU, dropout 0.25",
        "softmax",
    ]


@pytest.mark.parametrize(("name", "field"), [("conv1", 3), ("conv2", 5), ("pool", 6)])
def test_a_layers_receptive_field_is_what_its_output_depends_on(name, field):
    network = ImprovedNet().double()
    # Positive weights and input: no ReLU hides a pixel that counts.
    for values in network.parameters():
        values.data.abs_()
    image = torch.rand(1, 1, 28, 28, dtype=torch.double, requires_grad=True)
    outputs = {}
    network.get_submodule(name).register_forward_hook(lambda module, inputs, output: outputs.update(out=output))
    network(image)
    result = outputs["out"]
    centre = result.shape[-1] // 2
    reached = torch.zeros(28, dtype=torch.bool)
    for channel in range(result.shape[1]):
        (gradient,) = torch.autograd.grad(result[0, channel, centre, centre], image, retain_graph=True)
        reached |= gradient[0, 0].abs().sum(dim=0) > 0
    # Of the four values under one pooling window only the largest counts for this image: the field is an upper bound.
    assert int(reached.sum()) <= field
    if name != "pool":
        assert int(reached.sum()) == field
    assert {layer.name: layer.receptive_field for layer in network.layers}[name] == field
