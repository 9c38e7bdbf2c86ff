"""A kind of layer is one class: with nothing else said, everything that shows or exports a network knows it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from digits_core.config import NetworkConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.layers.functions import FUNCTIONS
from digits_core.layers.kinds import KINDS
from digits_core.layers.kinds.average_pooling import AveragePooling
from digits_core.layers.kinds.batch_normalisation import BatchNormalisation
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.problems import problem_of
from digits_core.network.build import build_network
from digits_core.network.layered_network import Network
from digits_core.network.source import as_source
from digits_core.runs.export.onnx import as_onnx
from tests.unit.networks import EVERY_KIND


def config_of(*layers, size=28, **network) -> RunConfig:
    return RunConfig(
        network=NetworkConfig(layers=layers, **network),
        transform=TransformConfig(size=size),
        training=TrainingConfig(dropout=0.2, seed=4),
    )


def images_of(size: int, count: int = 3) -> torch.Tensor:
    return torch.randn(count, 1, size, size, generator=torch.Generator().manual_seed(1))


def trained_a_little(config: RunConfig) -> Network:
    """A network after one step, so that batch norm has seen a batch; ready to be used."""
    network, images = build_network(config), images_of(config.transform.size, 8)
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    nn.functional.cross_entropy(network(images), torch.arange(8)).backward()
    optimizer.step()
    return network.eval()


def layers():
    function = st.sampled_from(["", *FUNCTIONS])
    maps = st.one_of(
        st.builds(
            Convolution,
            st.integers(1, 6),
            st.sampled_from([1, 3, 5, 7]),
            st.sampled_from([1, 2]),
            st.sampled_from(["same", "none"]),
            activation=function,
            dropout=st.booleans(),
        ),
        st.builds(MaxPooling, st.integers(2, 4), st.integers(1, 4), activation=function),
        st.builds(AveragePooling, st.integers(2, 4), st.integers(1, 4), activation=function),
        st.builds(BatchNormalisation, activation=function),
    )
    rows = st.builds(FullyConnected, st.integers(1, 9), activation=function, dropout=st.booleans())
    return st.tuples(st.lists(maps, max_size=5), st.lists(rows, max_size=3)).map(lambda both: (*both[0], *both[1]))


@given(layers=layers(), size=st.integers(8, 33))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_network_that_can_be_built_is_what_its_table_says_and_learns(layers, size):
    if problem_of(layers, size) is not None:
        return
    config = config_of(*layers, size=size)
    assert RunConfig.from_json(config.to_json()) == config

    network = trained_a_little(config)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        found = network.features(images_of(size, 1))

    assert all(found[layer.name].before.shape[1:] == layer.output_shape for layer in network.layers)
    assert sum(layer.parameters.number for layer in network.layers) == sum(map(torch.numel, network.parameters()))
    # PyTorch counts a multiplication and its addition as two.
    assert 2 * sum(layer.multiply_adds.number for layer in network.layers) == counter.get_total_flops()
    assert all(torch.isfinite(values).all() for values in network.parameters())


def test_the_test_network_has_every_kind_and_the_functions_of_both_sorts():
    assert {type(layer) for layer in EVERY_KIND} == set(KINDS.values())
    assert len({layer.activation for layer in EVERY_KIND} - {""}) >= 4


def test_one_number_of_any_kind_is_the_networks():
    network = trained_a_little(config_of(*EVERY_KIND))
    with torch.inference_mode():
        found = network.features(images_of(28))

    for layer in network.layers:
        place = (2, 3) if len(layer.output_shape) > 1 else ()
        example = network.work_out(found, layer.name, 1, *place)
        assert example.result == pytest.approx(float(found[layer.name].before[0, 1, *place]), abs=1e-5), layer.name
        if layer.function and layer is not network.last:
            after = float(found[layer.name].after[0, 1, *place])
            assert example.quantities[-1].value == pytest.approx(after, abs=1e-5), layer.name


@pytest.mark.parametrize("start", [{}, {"initialisation": "he", "initial_scale": 0.5}, {"initialisation": "xavier"}])
@pytest.mark.parametrize("chosen", [EVERY_KIND, (), (FullyConnected(5, activation="relu"),), (Convolution(2),)])
def test_its_source_begins_with_the_same_weights_and_computes_the_same(chosen, start):
    config = config_of(*chosen, **start)
    pasted: dict = {}
    exec(as_source(config.network, 28, 0.2, seed=4), pasted)
    ours, theirs = build_network(config), pasted["network"]

    begun = zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True)
    assert all(name == other and torch.equal(values, written) for (name, values), (other, written) in begun)
    assert torch.allclose(theirs.eval()(images_of(28)), ours.eval()(images_of(28)), atol=1e-6)


def test_its_onnx_model_computes_what_it_computes():
    onnxruntime = pytest.importorskip("onnxruntime")
    config = config_of(*EVERY_KIND)
    network, images = trained_a_little(config), images_of(28)
    model = as_onnx(config, {name: values.numpy() for name, values in network.state_dict().items()})
    (logits,) = onnxruntime.InferenceSession(model).run(["logits"], {"images": images.numpy()})

    np.testing.assert_allclose(logits, network(images).detach().numpy(), atol=1e-5)


def test_weights_begin_by_the_rule_and_the_scale():
    def deviation(**start) -> float:
        return build_network(config_of(FullyConnected(256), **start)).weights("fc1").std().item()

    assert deviation(initialisation="he") == pytest.approx(math.sqrt(2 / 784), rel=0.02)
    assert deviation(initialisation="he", initial_scale=3.0) == pytest.approx(3 * math.sqrt(2 / 784), rel=0.02)
    assert deviation(initialisation="xavier") == pytest.approx(math.sqrt(2 / (784 + 256)), rel=0.02)
    assert deviation(initialisation="zeros") == 0
    assert not build_network(config_of(FullyConnected(4), initialisation="he")).fc1.bias.any()


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_the_source_of_a_function_is_what_it_computes(function):
    values = torch.linspace(-3, 3, 61)
    written = eval(function.source.format("values"), {"values": values, "nnf": nn.functional, "torch": torch})

    assert torch.equal(written, function.compute(values))
    if function.keeps_order:
        assert (written.diff() >= 0).all()
