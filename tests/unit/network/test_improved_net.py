"""ImprovedNet is the lecture's, layer for layer."""

import pytest
import torch
from torch import nn
from torch.nn import functional as nnf

from digits_core.errors import RunError
from digits_core.network.build import restore_network
from digits_core.network.improved_net import ImprovedNet
from tests.unit.networks import config_of, improved_net

SHAPES = {
    "conv1.weight": (16, 1, 3, 3),
    "conv1.bias": (16,),
    "conv2.weight": (32, 16, 3, 3),
    "conv2.bias": (32,),
    "fc1.weight": (128, 6272),
    "fc1.bias": (128,),
    "fc2.weight": (64, 128),
    "fc2.bias": (64,),
    "fc3.weight": (10, 64),
    "fc3.bias": (10,),
}


@pytest.fixture
def network() -> ImprovedNet:
    return improved_net(size=28, dropout=0.3, seed=0)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(5, 1, 28, 28)


def as_in_the_lecture(network: ImprovedNet, x: torch.Tensor) -> torch.Tensor:
    x = nnf.relu(network.conv1(x))
    x = network.pool(nnf.relu(network.conv2(x)))
    x = x.view(x.size(0), -1)
    x = network.dropout(nnf.relu(network.fc1(x)))
    x = network.dropout(nnf.relu(network.fc2(x)))
    return network.fc3(x)


class AsWritten(nn.Module):
    """The modules of the lecture's network as its own source creates them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, stride=1, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=1, padding=1)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.fc1 = nn.Linear(32 * (size // 2) ** 2, 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, 10)


@pytest.mark.parametrize(("size", "seed"), [(28, 0), (28, 7), (9, 3)])
def test_a_seed_gives_the_starting_weights_that_the_lectures_source_has(size, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        written = AsWritten(size).state_dict()
    ours = improved_net(size, 0.3, seed).state_dict()

    assert list(ours) == list(written)
    assert all(torch.equal(ours[name], written[name]) for name in written)


def test_it_has_816650_parameters(network):
    assert sum(weights.numel() for weights in network.parameters()) == 816_650


def test_layers_have_the_lectures_names_and_shapes(network):
    assert {name: tuple(weights.shape) for name, weights in network.named_parameters()} == SHAPES


@pytest.mark.parametrize(("size", "flattened"), [(28, 6272), (8, 512), (29, 6272), (64, 32768)])
def test_the_flattened_size_follows_from_the_images(size, flattened):
    assert ImprovedNet(size).fc1.in_features == flattened
    assert ImprovedNet(size)(torch.zeros(2, 1, size, size)).shape == (2, 10)


def test_it_computes_what_the_lectures_order_computes(network, images):
    network.eval()

    assert torch.equal(network(images), as_in_the_lecture(network, images))


def test_its_gradients_are_those_of_the_lectures_order(network, images):
    network.eval()
    gradients = []
    for forward in (network, lambda x: as_in_the_lecture(network, x)):
        network.zero_grad()
        forward(images).square().sum().backward()
        gradients.append([weights.grad.clone() for weights in network.parameters()])

    for ours, lectures in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, lectures)


def test_dropout_is_drawn_as_in_the_lecture(network, images):
    network.train()
    answers = []
    for forward in (network, lambda x: as_in_the_lecture(network, x)):
        torch.manual_seed(3)
        answers.append(forward(images))

    assert torch.equal(*answers)
    assert not torch.equal(network(images), answers[0])


def test_each_image_is_judged_by_itself(network, images):
    network.eval()
    alone = torch.cat([network(image[None]) for image in images])

    torch.testing.assert_close(network(images), alone)


def test_the_seed_decides_the_starting_weights():
    first, same, other = (improved_net(28, 0.3, seed).state_dict() for seed in (1, 1, 2))

    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_building_a_network_leaves_the_global_random_state_alone():
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    improved_net(28, 0.3, seed=9)

    assert torch.equal(torch.rand(3), expected)


def test_kept_weights_make_the_same_network_again(network, images):
    kept = {name: values.numpy() for name, values in network.state_dict().items()}
    restored = restore_network(config_of(28), kept)

    assert torch.equal(restored.eval()(images), network.eval()(images))


def test_weights_of_another_size_are_refused_in_words(network):
    kept = {name: values.numpy() for name, values in network.state_dict().items()}
    with pytest.raises(RunError, match="do not fit"):
        restore_network(config_of(20), kept)
