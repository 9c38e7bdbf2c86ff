"""The sums by hand are the network's own, wherever one looks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from digits_core.layers.worked_example import WeightedSum
from digits_core.network.activations import activations
from digits_core.network.improved_net import ImprovedNet
from tests.unit.networks import improved_net

seeds = st.integers(0, 2**31 - 1)
sizes = st.integers(8, 40)


def network_and_image(size: int, seed: int) -> tuple[ImprovedNet, dict]:
    """A network with weights as large as trained ones, and what it makes of a noisy image."""
    network = improved_net(size, 0.3, seed).eval()
    with torch.no_grad():
        for values in network.parameters():
            values.mul_(3)
    image = torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)
    return network, activations(network, image)


def agrees(by_hand: float, networks: torch.Tensor) -> bool:
    return by_hand == pytest.approx(float(networks), abs=1e-5, rel=1e-5)


@given(seed=seeds, size=sizes, layer=st.sampled_from(["conv1", "conv2"]), data=st.data())
@settings(max_examples=60)
def test_a_convolution_is_the_networks_at_every_place(seed, size, layer, data):
    network, found = network_and_image(size, seed)
    maps, rows, columns = found[layer].before.shape[1:]
    unit, row, column = (data.draw(st.integers(0, count - 1)) for count in (maps, rows, columns))
    step = network.work_out(found, layer, unit, row, column)

    assert step.sum.products.shape == ({"conv1": 1, "conv2": 16}[layer], 3, 3)
    assert agrees(step.result, found[layer].before[0, unit, row, column])
    assert agrees(step.quantities[-1].value, found[layer].after[0, unit, row, column])
    assert step.sum.channel_sums.sum() + step.sum.bias == pytest.approx(step.result)
    assert (step.place.top, step.place.left) == (row - 1, column - 1)


@given(seed=seeds, size=sizes, data=st.data())
def test_a_pooling_keeps_the_largest_of_its_window(seed, size, data):
    network, found = network_and_image(size, seed)
    maps, rows, columns = found["pool"].after.shape[1:]
    unit, row, column = (data.draw(st.integers(0, count - 1)) for count in (maps, rows, columns))
    step = network.work_out(found, "pool", unit, row, column)

    ((window,),) = step.tables
    assert window.values.shape == (2, 2)
    assert step.result == window.values.max() == pytest.approx(float(found["pool"].after[0, unit, row, column]))
    assert float(found["conv2"].after[0, unit, *step.winner]) == pytest.approx(step.result)
    assert list(step.maps) == [unit]


@given(seed=seeds, size=sizes, layer=st.sampled_from(["fc1", "fc2", "fc3"]), data=st.data())
@settings(max_examples=60)
def test_a_neuron_is_the_networks(seed, size, layer, data):
    network, found = network_and_image(size, seed)
    unit = data.draw(st.integers(0, found[layer].before.shape[1] - 1))
    step = network.work_out(found, layer, unit)

    assert step.sum.products.shape == (network.get_submodule(layer).in_features,)
    assert agrees(step.result, found[layer].before[0, unit])
    assert [each.name for each in step.quantities][3:] == (["after ReLU"] if layer != "fc3" else [])


def test_the_largest_products_come_first_whatever_their_sign():
    step = WeightedSum(np.array([1.0, 2.0, 3.0, 0.0]), np.array([1.0, -5.0, 2.0, 9.0]), 0.5)

    assert step.largest(3).tolist() == [1, 2, 0]
    assert step.total == 1 - 10 + 6 + 0.5


def test_at_the_edge_the_window_reads_zeros():
    network, found = network_and_image(8, seed=0)
    patch = network.work_out(found, "conv1", 0, 0, 0).sum.inputs[0]

    assert patch[0].tolist() == [0, 0, 0]
    assert patch[:, 0].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(patch[1:, 1:], found["input"].after[0, 0, :2, :2].numpy())
