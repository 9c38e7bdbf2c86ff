"""The diagram of a network is drawn from the numbers of its layers, whatever these are."""

import base64
import json

import numpy as np
import pytest
import torch
from torch import nn

from digits_core.dashboard.network.diagram import payload
from digits_core.layers.kinds.convolution import Convolution
from digits_core.network.activations import activations
from digits_core.network.layered_network import Network
from digits_core.network.traced_network import TracedNetwork
from digits_core.network.tracing import trace

LAYERS = (Convolution(6, activation="relu"),)


@pytest.fixture
def network() -> Network:
    return Network(LAYERS, size=12, dropout=0.0).eval()


@pytest.fixture
def drawn(network: Network) -> dict:
    found = activations(network, torch.linspace(-1, 1, 144).reshape(1, 1, 12, 12))
    return payload(network.layers, found, "fc1", "image 3")


def levels(block: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(block["levels"]), np.uint8).reshape(-1, block["height"], block["width"])


def test_every_layer_of_any_network_is_a_block_with_its_maps_or_units(drawn):
    blocks = drawn["blocks"]

    assert [block["title"] for block in blocks] == ["image", "conv1", "fc1"]
    assert [block["size"] for block in blocks] == ["1 × 12 × 12", "6 × 12 × 12", "10"]
    assert [levels(block).shape for block in blocks] == [(1, 12, 12), (6, 12, 12), (10, 1, 1)]
    assert [block["unit"] for block in blocks] == ["", "map", "neuron"]
    assert drawn["chosen"] == "fc1"


def test_the_maps_are_those_of_the_network_on_one_scale_for_the_layer(network, drawn):
    found = activations(network, torch.linspace(-1, 1, 144).reshape(1, 1, 12, 12))["conv1"].after[0].numpy()

    np.testing.assert_allclose(levels(drawn["blocks"][1]), 255 * (found - found.min()) / np.ptp(found), atol=0.51)
    assert drawn["blocks"][1]["largest"] == pytest.approx(found.max(axis=(1, 2)).tolist(), abs=1e-4)


def test_the_last_layer_has_its_logits_and_the_probabilities_made_of_them(drawn):
    last = drawn["blocks"][-1]
    expected = torch.softmax(torch.tensor(last["logits"]), dim=0)

    assert last["largest"] == pytest.approx(expected.tolist(), abs=1e-3)
    assert not any("logits" in block for block in drawn["blocks"][:-1])


@pytest.mark.parametrize(("channels", "columns"), [(1, 1), (5, 3), (6, 2), (16, 4), (32, 4), (64, 8)])
def test_maps_fill_a_block_that_is_no_wider_than_high(channels, columns):
    network = Network((Convolution(channels),), 8, 0.0).eval()
    drawn = payload(network.layers, activations(network, torch.zeros(1, 1, 8, 8)), "conv1", "")

    assert drawn["blocks"][1]["columns"] == columns


def test_a_layer_of_nothing_but_zeros_is_dark_and_can_be_sent(network):
    found = activations(network, torch.zeros(1, 1, 12, 12))
    drawn = payload(network.layers, found, "conv1", "")

    assert not levels(drawn["blocks"][0]).any()
    json.dumps(drawn)


def test_a_network_of_somebody_elses_code_is_drawn_whatever_its_layers_put_out():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(1, 6, 7, stride=7)
            self.norm = nn.LayerNorm(6)
            self.head = nn.Linear(6, 10)

        def forward(self, x):
            return self.head(self.norm(self.patches(x).flatten(2).transpose(1, 2)).mean(1))

    network = TracedNetwork(trace(Tokens(), torch.zeros(1, 28, 28)))
    found = activations(network, torch.randn(1, 1, 28, 28))
    drawn = payload(network.layers, found, "norm", "image 3")
    sizes = {block["name"]: (block["maps"], block["height"], block["width"]) for block in drawn["blocks"]}
    assert sizes == {
        "input": (True, 28, 28),
        "patches": (True, 4, 4),
        "norm": (True, 16, 6),
        "head": (False, 1, 1),
    }
    assert len(drawn["blocks"][-1]["logits"]) == 10
