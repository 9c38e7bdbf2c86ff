"""A kind of layer is one class: with nothing else said, everything that shows or exports a network knows it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from digits_core.network.activations import activations
from digits_core.network.functions import FUNCTIONS
from digits_core.network.kinds import Call, Convolution, FullyConnected, Shape, Windowed, padded_window
from digits_core.network.layered_network import Network
from digits_core.network.layers import LayerSpec, place_layers
from digits_core.network.source import as_class
from digits_core.network.worked_example import Quantity, Table, WorkedExample, reach


@dataclass(frozen=True)
class AveragePooling(Windowed):
    """The mean of each window: a kind that the app does not have."""

    title = "average pooling"
    unit = "Map"
    words = "The mean of each window goes on."
    colour = 2
    padding = 0
    kernel: int = 2
    stride: int = 2

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0], *map(self._side, shape[1:]))

    def call(self, shape: Shape) -> Call:
        return Call("AvgPool2d", (), {"kernel_size": self.kernel, "stride": self.stride})

    def describe(self, shape: Shape, reads: str) -> str:
        return f"the mean of each {self.kernel} × {self.kernel}"

    def operator(self) -> tuple[str, dict[str, Any]]:
        return "AveragePool", {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2}

    def work_out(self, module: nn.Module, inputs: np.ndarray, unit: int, row: int, column: int) -> WorkedExample:
        place = self._place(row, column)
        window = padded_window(inputs[unit : unit + 1], place, 0)[0]
        tables = ((Table("window", "The window", window, reach(window)),),)
        quantities = (Quantity(f"Mean of {window.size}", float(window.mean()), "What goes on."),)
        return WorkedExample(quantities, float(window.mean()), None, place, range(unit, unit + 1), tables)


SPECS = (
    LayerSpec("first", Convolution(4, kernel=5, stride=2, padding=0), "relu"),
    LayerSpec("mean", AveragePooling(), "relu"),
    LayerSpec("logits", FullyConnected(10)),
)
LAYERS = place_layers(SPECS, 28, 0.2)


@pytest.fixture
def network() -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return Network(SPECS, 28, 0.2).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def test_shapes_counts_and_words_follow_from_the_kinds(network, images):
    found = network.features(images)

    assert [layer.output_shape for layer in LAYERS] == [(4, 12, 12), (4, 6, 6), (10,)]
    assert all(found[layer.name].before.shape[1:] == layer.output_shape for layer in LAYERS)
    assert sum(layer.parameters.number for layer in LAYERS) == sum(each.numel() for each in network.parameters())
    assert [layer.then for layer in LAYERS] == ["ReLU", "ReLU, flatten", "softmax"]
    assert [layer.receptive_field for layer in LAYERS] == [5, 7, 28]
    assert LAYERS[1].title == "mean: the mean of each 2 × 2"
    assert [(layer.name, layer.reads) for layer in LAYERS] == [*pairwise_reads()]


def pairwise_reads() -> list[tuple[str, str]]:
    names = ["input", *(spec.name for spec in SPECS)]
    return [(name, before) for before, name in pairwise(names)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_one_number_of_any_kind_is_the_networks(network, images, spec):
    found = activations(network, images)
    place = (2, 3) if spec is not SPECS[-1] else ()
    example = network.work_out(found, spec.name, 1, *place)

    assert example.result == pytest.approx(float(found[spec.name].before[0, 1, *place]), abs=1e-5)
    if spec.activation:
        assert example.quantities[-1].value == pytest.approx(float(found[spec.name].after[0, 1, *place]), abs=1e-5)


def test_its_source_computes_what_it_computes(network, images):
    pasted: dict = {"torch": torch, "nn": nn, "nnf": nn.functional}
    exec(as_class(LAYERS), pasted)
    theirs = pasted["ImprovedNet"](28, 0.2).eval()
    theirs.load_state_dict(network.state_dict())

    assert torch.equal(theirs(images), network(images))


def test_its_onnx_operators_compute_what_it_computes(network, images):
    onnxruntime, onnx = pytest.importorskip("onnxruntime"), pytest.importorskip("onnx")
    from digits_core.runs.export.onnx import operators

    nodes = [onnx.helper.make_node(*arguments, **attributes) for arguments, attributes in operators(LAYERS)]
    tensors = [onnx.numpy_helper.from_array(each.numpy(), name) for name, each in network.state_dict().items()]
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("images", ["N", 1, 28, 28]), ("logits", ["N", 10]))
    ]
    graph = onnx.helper.make_graph(nodes, "network", ends[:1], ends[1:], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
    (logits,) = onnxruntime.InferenceSession(model.SerializeToString()).run(["logits"], {"images": images.numpy()})

    np.testing.assert_allclose(logits, network(images).detach().numpy(), atol=1e-5)


def test_a_network_whose_first_layers_are_missing_still_has_a_hidden_layer_and_logits(images):
    network = Network(SPECS[-1:], 28, 0.2).eval()
    last = network.last
    found = network.features(images, last.reads, last.name)

    assert last.reads == "input"
    assert torch.equal(found["input"].after, images)
    assert found[last.name].before.shape == (3, 10)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_the_source_of_a_function_is_what_it_computes(function):
    values = torch.linspace(-3, 3, 61)
    written = eval(function.source.format("values"), {"values": values, "nnf": nn.functional})

    assert torch.equal(written, function.compute(values))
    if function.keeps_order:
        assert (written.diff() >= 0).all()
