"""Backward by hand on the page: its figures are autograd's, for each layer of any network."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.network.build import restore_network
from digits_core.transforms import batched


def figures(page) -> dict[str, float]:
    return {metric.label: float(metric.value.replace("−", "-")) for metric in page.metric}


def test_a_weight_of_a_convolution_has_autograds_gradient_and_sgds_next_value(open_page, trained_home):
    run = state().runs.runs()[0]
    page = open_page("network", look="By hand", direction="backward", layer="conv2", unit="3", run=run.id)
    for key, value in (("map", 9), ("row", 2), ("column", 1)):
        page.number_input(key=f"backward_{key}").set_value(value).run()
    assert not page.exception
    assert not page.error

    digits, config = read_optdigits(), run.config
    index = digits.indices("train")[0]
    network = restore_network(config, state().artifacts(run.id).load_weights()).eval()
    inputs = batched.normalise(batched.prepare(digits.images[index : index + 1], config.transform), config.transform)
    cross_entropy(network(inputs), torch.tensor([int(digits.labels[index])])).backward()
    weights = network.get_parameter("conv2.weight")
    weight, gradient = weights[3, 9, 2, 1].item(), weights.grad[3, 9, 2, 1].item()

    shown = figures(page)
    assert shown["= gradient of the weight"] == pytest.approx(gradient, abs=1e-5)
    assert shown["Weight before"] == pytest.approx(weight, abs=1e-5)
    assert shown["SGD"] == pytest.approx(weight - config.training.learning_rate * gradient, abs=1e-5)


@pytest.mark.parametrize(
    ("layers", "layer"),
    [("improved-net", "fc1"), ("improved-net", "fc3"), ("lenet", "pool1"), ("batch-norm", "bn1"), ("softmax", "fc1")],
)
def test_every_kind_of_layer_has_its_step(open_page, layers, layer):
    page = open_page("network", look="By hand", direction="backward", layers=layers, layer=layer)

    assert not page.exception
    assert not page.error
    headings = [each.value for each in page.subheader]
    assert headings[:2] == ["The loss and the logits", f"How the gradient reaches {layer} 0"]
    assert (len(headings) == 3) == layer.startswith("fc")
