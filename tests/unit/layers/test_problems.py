"""What cannot be built is said at the layer that breaks it, and one change repairs it."""

import pytest

from digits_core.config import NetworkConfig, RunConfig, TransformConfig
from digits_core.errors import ConfigError
from digits_core.layers.kinds.average_pooling import AveragePooling
from digits_core.layers.kinds.batch_normalisation import BatchNormalisation
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.presets import PRESETS
from digits_core.layers.problems import MOST_PARAMETERS, problem_of

LAYER = FullyConnected(8)


@pytest.mark.parametrize(
    ("layers", "sentence", "repaired"),
    [
        (
            (MaxPooling(4, 4), MaxPooling(4, 4), AveragePooling()),
            "pool3 has a window of 2×2, but its input is 1×1",
            (MaxPooling(4, 4), MaxPooling(4, 4)),
        ),
        (
            (MaxPooling(4, 4), Convolution(2, kernel=7, padding="none"), Convolution(3, kernel=3, padding="none")),
            "conv2 has a window of 3×3, but its input is 1×1",
            (MaxPooling(4, 4), Convolution(2, kernel=7, padding="none"), Convolution(3, kernel=3)),
        ),
        (
            (LAYER, MaxPooling()),
            "pool reads maps, but the layer before it puts out one row of numbers",
            (MaxPooling(), LAYER),
        ),
        (
            (Convolution(2), LAYER, Convolution(3)),
            "conv2 reads maps, but the layer before it puts out one row of numbers",
            (Convolution(2), Convolution(3), LAYER),
        ),
        (
            (MaxPooling(4, 4), MaxPooling(4, 4), BatchNormalisation()),
            "bn1 has one value in each map, which leaves no variance where a batch has a single image",
            (MaxPooling(4, 4), MaxPooling(4, 4)),
        ),
        ((LAYER,) * 4, "fc4 is fully connected layer 4, but 3 before that of the logits are the limit", (LAYER,) * 3),
        (
            (Convolution(64), FullyConnected(512)),
            "fc1 brings the network to 25,691,264 parameters, but 20,000,000 are the limit",
            (Convolution(64), MaxPooling(), FullyConnected(512)),
        ),
    ],
)
def test_the_first_layer_that_breaks_is_named_and_repaired_by_one_change(layers, sentence, repaired):
    problem = problem_of(layers, 28)

    assert problem is not None
    assert problem.sentence == sentence
    assert problem.repaired == repaired
    assert problem_of(repaired, 28) is None
    with pytest.raises(ConfigError, match=sentence.partition(",")[0]):
        RunConfig(network=NetworkConfig(layers=layers))


def test_a_network_that_fits_large_images_alone_is_refused_for_small_ones():
    layers = (MaxPooling(4, 4), MaxPooling(4, 4))

    assert problem_of(layers, 16) is None
    with pytest.raises(ConfigError, match="pool2 has a window of 4×4, but its input is 2×2"):
        RunConfig(network=NetworkConfig(layers=layers), transform=TransformConfig(size=8))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_ready_networks_can_be_built_for_every_usual_size(preset):
    assert all(problem_of(PRESETS[preset].layers, size) is None for size in (14, 20, 28, 32))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([{"kind": "convolution", "channels": 0}], r"layer 1 \(convolution\): channels is 0"),
        ([{"kind": "convolution", "channels": 10**9}], r"layer 1 \(convolution\): channels is 1000000000"),
        ([{"kind": "fully_connected", "units": "many"}], r"layer 1 \(fully connected\): units is 'many'"),
        (
            [{"kind": "max_pooling"}, {"kind": "convolution", "channels": 3, "kernel": 2}],
            r"layer 2 \(convolution\): kernel is 2",
        ),
        ([{"kind": "attention"}], "'attention'"),
        ([{"kind": "fully_connected", "units": 5, "__class__": "x"}], "__class__"),
        ([{"kind": "fully_connected", "units": 5, "activation": "swish"}], "activation is 'swish'"),
        ([{"kind": "max_pooling"}] * 25, "24"),
        ("lenett", "'lenet'"),
        (None, "layers is None"),
    ],
)
def test_a_bad_description_is_refused_by_layer_and_field(layers, words):
    with pytest.raises(ConfigError, match=words):
        NetworkConfig(layers=layers)


def test_a_ready_network_is_found_by_its_name_or_its_title():
    lenet = PRESETS["lenet"].layers

    assert NetworkConfig(layers="lenet").layers == NetworkConfig(layers=" LeNet-5 ").layers == lenet
    assert sum(1 for layer in lenet if layer.activation == "tanh") == 4
    assert MOST_PARAMETERS > 816_650
