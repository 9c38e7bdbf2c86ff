"""Building a network step by step: adding, moving, changing and taking out layers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.config import NetworkConfig
from digits_core.errors import ConfigError
from digits_core.layers.edits import changed, inserted, moved, removed, shapes, with_activation, with_knob
from digits_core.layers.kinds import KINDS
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.knobs import knobs
from digits_core.layers.presets import IMPROVED_NET, PRESETS, summary
from digits_core.layers.text import to_text
from tests.unit.networks import EVERY_KIND

LAYERS = (Convolution(8, activation="relu"), MaxPooling(), FullyConnected(32, activation="tanh"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_layer_of_each_kind_stands_where_it_was_put(kind):
    built = inserted(LAYERS, 1, kind)
    assert isinstance(built[1], KINDS[kind])
    assert removed(built, 1) == LAYERS
    assert NetworkConfig(layers=built).layers == built


@given(place=st.integers(0, 6), to=st.integers(0, 6))
def test_a_moved_layer_is_where_it_was_moved_to_and_all_others_keep_their_order(place, to):
    built = moved(EVERY_KIND, place, to)
    assert built[to] == EVERY_KIND[place]
    assert removed(built, to) == removed(EVERY_KIND, place)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_value_that_a_knob_offers_is_one_that_a_network_takes(kind):
    for knob in knobs(kind):
        offered = list(knob.choices) or ([knob.low, knob.high] if knob.high else [True, False])
        for value in offered:
            config = NetworkConfig(layers=changed((kind.usual(),), 0, knob.field, value))
            assert getattr(config.layers[0], knob.field) == value


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("channels", 65, "channels is 65"),
        ("channels", 0, "channels is 0"),
        ("channels", None, "channels"),
        ("kernel", 4, "kernel is 4"),
        ("activation", "swish", "activation is 'swish'"),
        ("sides", 3, "sides"),
    ],
)
def test_what_a_layer_cannot_be_is_refused_with_the_layer_and_the_field(field, value, named):
    with pytest.raises(ConfigError, match="layer 1") as refused:
        NetworkConfig(layers=changed(LAYERS, 0, field, value))
    assert named in str(refused.value)


def test_a_layer_with_a_value_out_of_bounds_is_refused_also_where_it_was_made_in_python():
    with pytest.raises(ConfigError, match="channels is 999"):
        NetworkConfig(layers=(Convolution(999),))


def test_one_activation_for_all_leaves_layers_without_one_as_they_are():
    assert with_activation(LAYERS, "gelu") == (
        Convolution(8, activation="gelu"),
        MaxPooling(),
        FullyConnected(32, activation="gelu"),
    )


def test_shapes_are_known_up_to_the_layer_that_breaks_the_network():
    assert shapes(IMPROVED_NET, 28) == [(16, 28, 28), (32, 28, 28), (32, 14, 14), (128,), (64,), (10,)]
    assert shapes((), 28) == [(10,)]
    assert shapes(PRESETS["lenet"].layers, 10) == [(6, 10, 10), (6, 5, 5), (16, 1, 1), None, None, None, None]
    assert shapes((FullyConnected(4), *LAYERS), 28) == [(4,), None, None, None, None]


@pytest.mark.parametrize("layers", [*(preset.layers for preset in PRESETS.values()), EVERY_KIND, LAYERS])
def test_the_text_of_a_network_is_read_as_the_same_network(layers):
    assert NetworkConfig(layers=to_text(layers)).layers == layers


def test_a_network_is_called_by_the_preset_that_it_differs_from_in_one_field():
    channels = NetworkConfig(layers=with_knob(IMPROVED_NET, "conv1", "channels", "8")).layers
    no_padding = NetworkConfig(layers=with_knob(IMPROVED_NET, "conv2", "padding", "none")).layers
    assert summary(channels) == "ImprovedNet, conv1: channels 8"
    assert summary(no_padding) == "ImprovedNet, conv2: padding none"
    two = NetworkConfig(layers=with_knob(channels, "fc1", "activation", "tanh")).layers
    assert summary(two) == "ImprovedNet, conv1: channels 8, fc1: activation tanh"
    assert summary(with_activation(IMPROVED_NET, "gelu")) == "ImprovedNet, activation GELU"
    assert summary((FullyConnected(64, activation="relu"),)) == "fc 64"


@pytest.mark.parametrize(
    ("knob", "text", "words"),
    [
        ("conv3", "8", "no layer 'conv3'. It has conv1, conv2, pool, fc1, fc2"),
        ("conv1.units", "8", "conv1 has no 'units'. What can be set of it: channels, kernel"),
        ("conv1.channels", "eight", "layer 1 (convolution): channels"),
        ("fc2.activation", "swish", "layer 5 (fully connected): activation"),
        ("conv1.dropout", "perhaps", "layer 1 (convolution): dropout"),
    ],
)
def test_a_knob_that_is_not_there_is_refused_by_what_is(knob, text, words):
    name, _, field = knob.partition(".")
    with pytest.raises(ConfigError) as refused:
        NetworkConfig(layers=with_knob(IMPROVED_NET, name, field, text))
    assert words in str(refused.value)
