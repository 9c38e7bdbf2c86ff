"""The table of layers says what PyTorch itself counts."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from digits_core.network.improved_net import ImprovedNet
from digits_core.network.summary import summarise


@pytest.mark.parametrize("size", [8, 28, 33])
def test_parameters_and_multiply_adds_are_pytorchs(size):
    network = ImprovedNet(size)
    layers = summarise(network)
    assert sum(layer.parameters for layer in layers) == sum(values.numel() for values in network.parameters())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 1, size, size))
    # PyTorch counts a multiplication and its addition as two.
    assert 2 * sum(layer.multiply_adds for layer in layers) == counter.get_total_flops()


def test_the_layers_come_in_the_order_of_the_lecture_with_its_shapes():
    shapes = {layer.name: layer.output_shape for layer in summarise(ImprovedNet())}
    assert shapes == {
        "conv1": (16, 28, 28),
        "conv2": (32, 28, 28),
        "pool": (32, 14, 14),
        "fc1": (128,),
        "fc2": (64,),
        "fc3": (10,),
    }


def test_formulas_give_the_parameters():
    for layer in summarise(ImprovedNet()):
        if layer.parameters:
            expression = layer.formula.replace("·", "*")
            assert set(expression) <= set("0123456789*+() ")
            assert eval(expression) == layer.parameters


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
    assert {layer.name: layer.receptive_field for layer in summarise(network.float())}[name] == field
