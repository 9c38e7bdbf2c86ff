"""Any network becomes a program that says the same; one that cannot is told why in one sentence."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as nnf

from digits_core.errors import NetworkError
from digits_core.network.traced_network import TracedNetwork
from digits_core.network.traced_program import TracedProgram
from digits_core.network.tracing import trace
from tests.unit.network.learners_networks import NETWORKS, LectureNet, images_for, make, mlp
from tests.unit.test_imports import ROOT

IMAGES = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))

READ = """
import sys
from pathlib import Path
import numpy as np
import torch
from digits_core.network.traced_network import TracedNetwork
from digits_core.network.traced_program import TracedProgram
folder = Path(sys.argv[1])
program = TracedProgram.from_files({path.name: path.read_bytes() for path in folder.glob("[pw]*")})
images = torch.from_numpy(np.load(folder / "images.npy"))
np.save(folder / "scores.npy", TracedNetwork(program)(images).detach().numpy())
assert not [name for name in sys.modules if name.startswith(("tests", "torchvision"))]
"""


class Plain(nn.Module):
    """A network whose forward is given."""

    def __init__(self, forward):
        super().__init__()
        self.layer = nn.Linear(784, 10)
        self.given = forward

    def forward(self, x):
        return self.given(self, x)


@pytest.fixture(scope="module", params=NETWORKS)
def traced(request):
    """A network in eval mode with its program, which has been through its files."""
    network = make(request.param)
    program = trace(network, images_for(request.param, 2)[1])
    assert all(module.training for module in network.modules())
    return request.param, network.eval(), TracedProgram.from_files(program.to_files())


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_program_says_what_the_network_says(traced, count):
    name, network, program = traced
    images, as_read = images_for(name, count)
    torch.testing.assert_close(TracedNetwork(program)(images), network(as_read).float(), rtol=1e-5, atol=1e-5)


def test_a_program_has_the_gradients_of_the_network(traced):
    name, network, program = traced
    gradients = []
    for answer, images in zip((TracedNetwork(program), network), images_for(name, 2), strict=True):
        scores = answer(images.requires_grad_())
        (gradient,) = torch.autograd.grad(scores[:, 3].sum(), images)
        gradients.append(gradient.reshape(2, 1, 28, 28).float())
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_images_may_lie_channels_last(traced):
    name, network, program = traced
    images, as_read = images_for(name, 3)
    found = TracedNetwork(program).to(memory_format=torch.channels_last)
    found = found(images.to(memory_format=torch.channels_last))
    torch.testing.assert_close(found, network(as_read).float(), rtol=1e-4, atol=1e-5)


def test_each_layer_is_as_the_table_says_with_the_images_first(traced):
    name, _, program = traced
    network, (images, _) = TracedNetwork(program), images_for(name, 5)
    found = network.features(images)

    assert list(found) == ["input", *(layer.name for layer in network.layers)]
    for layer in network.layers:
        assert found[layer.name].before.shape == (5, *layer.output_shape)
    assert torch.equal(found[network.last.name].before.float(), network(images))
    first = network.features(images[:1])
    for layer in network.layers:
        alone, among = first[layer.name].before, found[layer.name].before[:1]
        # Sums are rounded by how large their terms are; where these cancel, the rest is as uncertain and much smaller.
        scale = max(1.0, among.detach().abs().max().item())
        torch.testing.assert_close(alone, among, rtol=1e-4, atol=1e-5 * scale)


def test_the_files_are_the_same_each_time(traced):
    _, _, program = traced
    assert TracedProgram.from_files(program.to_files()).to_files() == program.to_files()


@pytest.mark.parametrize("name", ["residual", "lstm"])
def test_another_process_runs_a_program_without_the_class(tmp_path, name):
    network = make(name)
    images, as_read = images_for(name, 4)
    for file, data in trace(network, as_read).to_files().items():
        (tmp_path / file).write_bytes(data)
    np.save(tmp_path / "images.npy", images.numpy())
    subprocess.run([sys.executable, "-c", READ, str(tmp_path)], cwd=ROOT, check=True)

    expected = network.eval()(as_read).detach().numpy()
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 1, 28, 28), (6, 1, 28, 28)])
def test_an_example_is_one_image_or_several(shape):
    network = LectureNet()
    graph = trace(network, torch.randn(shape)).graph
    assert graph.image_shape == (1, 28, 28)
    assert graph.size == 28


def test_a_network_may_read_images_in_one_row():
    graph = trace(mlp(), torch.randn(784)).graph
    assert graph.image_shape == (784,)
    assert graph.size == 28


def test_a_network_that_was_compiled_is_traced_as_it_was_written():
    network = mlp()
    assert trace(torch.compile(network), torch.randn(2, 784)).to_files() == trace(network, torch.randn(784)).to_files()


def test_tracing_leaves_everything_as_it_was(capfd):
    def forward(self, x):
        print("seen", x.shape)
        return self.layer(nnf.dropout(x.flatten(1), training=self.training))

    network = Plain(forward)
    network.layer.eval()
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trace(network, IMAGES)

    assert torch.equal(torch.rand(3), expected)
    assert network.training
    assert not network.layer.training
    assert all(torch.equal(network.state_dict()[name], values) for name, values in weights.items())
    assert capfd.readouterr() == ("", "")


def decides(self, x):
    scores = self.layer(x.flatten(1))
    return scores if scores.sum() > 0 else -scores


def asks_for_a_number(self, x):
    return self.layer(x.flatten(1)) * (2 if x.max().item() > 0 else 3)


def remembers(self, x):
    self.calls = getattr(self, "calls", 0) + 1
    return self.layer(x.flatten(1)) * self.calls


def chooses_images(self, x):
    return self.layer(x.flatten(1))[torch.nonzero(x.sum((1, 2, 3)) < torch.inf)[:, 0]]


UNTRACEABLE = {
    "an if on values": (
        decides,
        r"return scores if scores\.sum\(\) > 0 else -scores.*decides by the values of an image",
    ),
    "a number of the image": (asks_for_a_number, "2 if x.max.*decides by the values of an image"),
    "a fixed number of images": (lambda self, x: self.layer(x.view(3, 784)), "cannot read a single image"),
    "a loop over images": (
        lambda self, x: torch.stack([self.layer(image.flatten()) for image in x]),
        "only for 3 images at a time",
    ),
    "memory": (remembers, "gives other scores than the network itself"),
    "chance": (lambda self, x: self.layer(nnf.dropout(x.flatten(1))), r"draws random numbers.*training=self\.training"),
    "numpy": (lambda self, x: self.layer(torch.from_numpy(x.numpy()).flatten(1)), "cannot be traced at line"),
    "a mixed batch": (
        lambda self, x: self.layer(x.flatten(1)) @ self.layer(x.flatten(1)).mT @ self.layer(x.flatten(1)),
        "reads each image by itself",
    ),
    "images by their values": (chooses_images, "nonzero.*which a traced network may not have"),
    "complex numbers": (lambda self, x: self.layer(torch.fft.fft2(x).abs().flatten(1)), "has no complex numbers"),
    "another input": (lambda self, x: self.layer(x), "cannot read 3 images of shape .3, 1, 28, 28. at line"),
    "twelve scores": (lambda self, x: x.flatten(1)[:, :12], r"puts out \(3, 12\).*10 scores"),
    "two outputs": (lambda self, x: (self.layer(x.flatten(1)), x), "puts out a tuple"),
    "one image squeezed": (lambda self, x: self.layer(x.flatten(1)).squeeze(), r"puts out \(10,\) for a single image"),
    "bfloat16": (lambda self, x: self.layer.bfloat16()(x.flatten(1).bfloat16()).float(), "bfloat16.*network.float"),
}


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_why_a_network_cannot_be_traced_is_said_in_one_line(name):
    forward, words = UNTRACEABLE[name]
    network = Plain(forward)
    with pytest.raises(NetworkError, match=words) as refused:
        trace(network, IMAGES)
    assert "\n" not in str(refused.value)
    assert network.training


@pytest.mark.parametrize("example", [torch.randn(28, 14), torch.randn(2, 3, 28, 28), torch.randn(0, 1, 28, 28)])
def test_an_example_that_is_no_image_is_refused(example):
    with pytest.raises(NetworkError, match="give images as the network reads them"):
        trace(LectureNet(), example)


def test_an_example_of_bytes_is_refused():
    with pytest.raises(NetworkError, match=r"uint8 \(2, 1, 28, 28\)"):
        trace(LectureNet(), torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
