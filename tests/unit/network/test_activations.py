"""The activations are those of the network, in the lecture's order."""

import numpy as np
import pytest
import torch

from digits_core.network.activations import BATCH, activations, dead_units
from digits_core.network.improved_net import ImprovedNet
from tests.unit.networks import improved_net

WITH_RELU = ("conv1", "conv2", "fc1", "fc2")


@pytest.fixture
def network() -> ImprovedNet:
    return improved_net(28, 0.3, seed=0).eval()


@pytest.mark.parametrize("size", [8, 28, 33])
def test_the_last_layer_says_what_the_network_says(size):
    network, images = improved_net(size, 0.3, seed=1).eval(), torch.randn(3, 1, size, size)
    found = activations(network, images)

    assert torch.equal(found["fc3"].before, network(images))
    torch.testing.assert_close(found["fc3"].after.sum(dim=1), torch.ones(3))


def test_every_layer_has_its_shape_and_relu_cuts_what_is_below_zero(network):
    found = activations(network, torch.randn(2, 1, 28, 28))

    assert {name: tuple(each.after.shape[1:]) for name, each in found.items()} == {
        "input": (1, 28, 28),
        "conv1": (16, 28, 28),
        "conv2": (32, 28, 28),
        "pool": (32, 14, 14),
        "fc1": (128,),
        "fc2": (64,),
        "fc3": (10,),
    }
    for name in WITH_RELU:
        assert found[name].before.min() < 0
        assert torch.equal(found[name].after, found[name].before.clamp(min=0))


def test_only_the_layers_that_are_asked_for_are_kept(network):
    images = torch.randn(2, 1, 28, 28)
    found = network.features(images, "fc2", "pool")

    assert list(found) == ["pool", "fc2"]
    assert torch.equal(found["fc2"].after, network.features(images)["fc2"].after)


def test_dead_are_the_units_that_no_image_wakes(network):
    with torch.no_grad():
        network.conv1.bias[3] = -1000
        network.fc2.bias[5] = -1000
    images = torch.randn(BATCH + 40, 1, 28, 28)
    dead = dead_units(network, images)
    found = activations(network, images)

    assert dead["conv1"][3]
    assert dead["fc2"][5]
    for name in WITH_RELU:
        seen = found[name].after.flatten(2).amax(dim=2) if found[name].after.ndim == 4 else found[name].after
        np.testing.assert_array_equal(dead[name], (seen.amax(dim=0) == 0).numpy())


def test_a_unit_that_only_the_last_image_wakes_is_not_dead(network):
    with torch.no_grad():
        network.conv1.weight[2] = 0
        network.conv1.weight[2, 0, 1, 1] = 1
        network.conv1.bias[2] = -5
    images = torch.zeros(BATCH + 1, 1, 28, 28)
    assert dead_units(network, images)["conv1"][2]
    images[-1, 0, 4, 4] = 6
    assert not dead_units(network, images)["conv1"][2]
