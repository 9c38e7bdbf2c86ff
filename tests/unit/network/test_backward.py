"""A backward step by hand: every number is the one that autograd and the optimizers have."""

import numpy as np
import pytest
import torch

from digits_core.network.backward import backward, updates, weight_gradient
from digits_core.network.build import build_network
from tests.unit.networks import EVERY_KIND, config_of, improved_net

IMAGE = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(2))
LABEL = 7


@pytest.fixture(scope="module")
def network():
    return improved_net().eval()


@pytest.fixture(scope="module")
def found(network):
    return backward(network, IMAGE, LABEL)


def test_at_the_logits_it_is_softmax_minus_one_hot(network, found):
    assert found.deltas["fc3"] == pytest.approx(found.probabilities - found.target)
    assert found.target.tolist() == [float(digit == LABEL) for digit in range(10)]
    assert found.loss == pytest.approx(-np.log(found.probabilities[LABEL]))


def test_it_flows_back_through_weights_and_slopes(network, found):
    weights = network.fc3.weight.detach().double().numpy()
    assert found.deltas["fc2"] == pytest.approx(found.slopes["fc2"] * (weights.T @ found.deltas["fc3"]), abs=1e-12)
    assert set(np.unique(found.slopes["fc2"])) == {0.0, 1.0}
    weights = network.fc2.weight.detach().double().numpy()
    assert found.deltas["fc1"] == pytest.approx(found.slopes["fc1"] * (weights.T @ found.deltas["fc2"]), abs=1e-12)


def test_a_pooling_hands_it_to_the_largest_of_each_window_alone(found):
    given = (found.deltas["conv2"] != 0).reshape(32, 14, 2, 14, 2).sum(axis=(2, 4))
    assert given.max() == 1
    above_0 = found.inputs["fc1"].reshape(32, 14, 14) > 0  # ReLU lets the others through to none
    assert found.deltas["conv2"].sum() == pytest.approx(found.deltas["pool"][above_0].sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "place"),
    [("fc3", (7, 12)), ("fc1", (5, 3000)), ("conv2", (3, 9, 0, 2)), ("conv1", (15, 0, 1, 1)), ("conv1", (0, 0, 2, 0))],
)
def test_the_gradient_of_a_weight_adds_up_to_autograds(network, found, name, place):
    network = improved_net().double().eval()
    torch.nn.functional.cross_entropy(network(IMAGE.double()), torch.tensor([LABEL])).backward()
    expected = network.get_parameter(f"{name}.weight").grad[place].item()
    assert weight_gradient(found, network.layer(name), place).total == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert found.weights[name][place] == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_it_holds_for_a_network_with_every_kind_of_layer():
    config = config_of()
    network = build_network(config.replace(network=config.network.replace(layers=EVERY_KIND))).eval()
    found = backward(network, IMAGE, LABEL)
    for layer in network.layers:
        assert found.deltas[layer.name].shape == layer.output_shape
        if layer.kind.weights and not layer.kind.collects:
            every = found.weights[layer.name]
            place = np.unravel_index(int(np.abs(every).argmax()), every.shape)
            total = weight_gradient(found, layer, tuple(map(int, place))).total
            assert total == pytest.approx(every[place], rel=1e-9)


@pytest.mark.parametrize("gradient", [0.37, -2.5e-4, 0.0])
def test_the_updates_are_those_of_pytorchs_optimizers(gradient):
    made = [
        lambda weights: torch.optim.SGD(weights, lr=0.01),
        lambda weights: torch.optim.SGD(weights, lr=0.01, momentum=0.9),
        lambda weights: torch.optim.Adam(weights, lr=0.01),
    ]
    for update, optimizer in zip(updates(0.5, gradient, 0.01), made, strict=True):
        weight = torch.nn.Parameter(torch.tensor([0.5], dtype=torch.float64))
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer([weight]).step()
        assert update.after == pytest.approx(weight.item(), abs=1e-12)


def test_the_network_is_left_as_it_was(network, found):
    assert all(values.grad is None for values in network.parameters())
    assert all(values.dtype == torch.float32 for values in network.parameters())
