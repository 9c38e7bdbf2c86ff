"""What a network loses without some of it, against the same done to its weights by hand."""

import pytest
import torch

from digits_core.layers.edits import with_activation
from digits_core.layers.presets import PRESETS
from digits_core.network.build import build_network, restore_network
from digits_core.network.units import answers, excitement, noisy, pruned, silenced
from tests.unit.networks import EVERY_KIND, config_of, improved_net

IMAGES = torch.randn(9, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def tensors(weights):
    return {name: torch.from_numpy(values) for name, values in weights.items()}


@pytest.fixture
def network():
    return improved_net().eval()


def test_a_neuron_that_is_off_is_one_whose_weights_to_the_next_layer_are_0(network):
    expected = improved_net().eval()
    with torch.no_grad():
        expected.fc2.weight[:, [3, 100]] = 0
    found = network.logits_without(IMAGES, {"fc1": [3, 100]})
    torch.testing.assert_close(found, expected(IMAGES))
    assert not torch.equal(found, network(IMAGES))


def test_a_filter_that_is_off_is_one_whose_kernels_in_the_next_layer_are_0(network):
    expected = improved_net().eval()
    with torch.no_grad():
        expected.conv2.weight[:, 5] = 0
    torch.testing.assert_close(network.logits_without(IMAGES, {"conv1": [5]}), expected(IMAGES))


def test_a_filter_before_a_pooling_is_off_whichever_comes_first(network):
    """Pooling comes before ReLU where that changes nothing."""
    expected = improved_net().eval()
    with torch.no_grad():
        expected.conv2.weight[7] = 0
        expected.conv2.bias[7] = 0
    torch.testing.assert_close(network.logits_without(IMAGES, {"conv2": [7]}), expected(IMAGES))


def test_with_every_unit_of_a_layer_off_all_images_look_the_same(network):
    logits = network.logits_without(IMAGES, {"fc1": range(128)})
    torch.testing.assert_close(logits, logits[:1].expand_as(logits))


def test_nothing_off_changes_nothing(network):
    assert torch.equal(network.logits_without(IMAGES, {}), network(IMAGES))
    assert answers(network, IMAGES).tolist() == network(IMAGES).argmax(1).tolist()


def test_every_layer_of_a_network_with_every_kind_can_lose_a_unit():
    config = config_of()
    config = config.replace(network=config.network.replace(layers=EVERY_KIND))
    network = build_network(config).eval()
    for layer in network.layers[:-1]:
        assert network.logits_without(IMAGES, {layer.name: [0]}).shape == (9, 10)
        assert excitement(network, IMAGES, layer.name).shape == (9, layer.output_shape[0])


@pytest.mark.parametrize("layers", [*(preset.layers for preset in PRESETS.values()), EVERY_KIND], ids=len)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_weights_of_which_units_are_silenced_answer_as_the_network_with_these_units_off(layers, activation):
    config = config_of()
    layers = with_activation(layers, activation)
    config = config.replace(network=config.network.replace(layers=layers))
    network = build_network(config)
    network(torch.randn(64, 1, 28, 28))  # so that batch norm has collected something that is not 0 and 1
    network.eval()
    for layer in network.layers[:-1]:
        off = {layer.name: [0, layer.output_shape[0] - 1]}
        alike = restore_network(config, silenced(network, off)).eval()
        torch.testing.assert_close(alike(IMAGES), network.logits_without(IMAGES, off), atol=1e-4, rtol=1e-4)


def test_units_of_several_layers_are_silenced_at_once(network):
    off = {"conv1": [2], "fc1": [3, 100]}
    alike = restore_network(config_of(), silenced(network, off)).eval()
    torch.testing.assert_close(alike(IMAGES), network.logits_without(IMAGES, off))


def test_what_excites_a_map_is_its_largest_value(network):
    found = excitement(network, IMAGES, "conv2")
    maps = network.features(IMAGES, "conv2")["conv2"].after
    assert found[4, 11] == pytest.approx(maps[4, 11].max().item())


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
def test_pruning_sets_exactly_that_share_to_0_and_none_that_is_larger_than_one_that_stays(network, share):
    before, after = network.state_dict(), tensors(pruned(network, share))
    names = [name for name in before if name.endswith("weight")]
    was = torch.cat([before[name].flatten() for name in names]).abs()
    now = torch.cat([after[name].flatten() for name in names]).abs()
    gone = (now == 0) & (was != 0)
    assert gone.sum().item() == pytest.approx(share * len(was), abs=1)
    if 0 < share < 1:
        assert was[gone].max() <= was[~gone].min() + 1e-12
    assert all(torch.equal(before[name], after[name]) for name in before if name.endswith("bias"))
    restore_network(config_of(), pruned(network, share))


def test_noise_is_as_strong_as_asked_the_same_for_a_seed_and_leaves_the_network_alone(network):
    before = {name: values.clone() for name, values in network.state_dict().items()}
    first, again, other = (tensors(noisy(network, 0.5, seed)) for seed in (3, 3, 4))
    added = first["fc1.weight"] - before["fc1.weight"]
    assert added.std().item() == pytest.approx(0.5 * before["fc1.weight"].std().item(), rel=0.02)
    assert torch.equal(first["fc1.weight"], again["fc1.weight"])
    assert not torch.equal(first["fc1.weight"], other["fc1.weight"])
    assert all(torch.equal(before[name], values) for name, values in network.state_dict().items())
    assert torch.equal(first["conv1.bias"], before["conv1.bias"])
