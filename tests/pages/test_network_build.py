"""Build without a browser: what is built is in the address, is kept, is looked at, and goes to training."""

import json

import pytest

from digits_core.config import NetworkConfig
from digits_core.dashboard.network import built
from digits_core.dashboard.network.layer_cards import payload
from digits_core.dashboard.state import state
from digits_core.layers.edits import inserted, removed
from digits_core.layers.presets import IMPROVED_NET, PRESETS
from tests.pages.controls import setting
from tests.unit.networks import EVERY_KIND


def facts(page) -> str:
    return " ".join(html.body for html in page.get("html"))


def network(page) -> NetworkConfig:
    return page.session_state[built.STATE].network


def test_it_begins_with_the_lectures_network_and_says_what_that_comes_to(open_page):
    page = open_page("network", look="Build")

    assert not page.exception
    assert network(page) == NetworkConfig()
    assert "816,650" in facts(page)
    assert "same as ImprovedNet" in facts(page)
    assert page.query_params["layers"] == "improved-net"


@pytest.mark.parametrize("name", PRESETS)
def test_each_ready_network_is_taken_by_its_title_and_is_in_the_address_by_its_name(open_page, name):
    page = open_page("network", look="Build")
    page.selectbox(key="network_preset").set_value(PRESETS[name].title).run()

    assert not page.exception
    assert network(page).layers == PRESETS[name].layers
    assert page.query_params["layers"] == name


def test_a_step_is_undone_and_done_again(open_page):
    page = open_page("network", look="Build")
    page.selectbox(key="network_preset").set_value("LeNet-5").run()
    page.selectbox(key="network_activation").set_value("relu").run()
    relu = network(page)
    assert {layer.activation for layer in relu.layers} == {"relu", ""}

    page.button(key="network_undo").click().run()
    assert network(page).layers == PRESETS["lenet"].layers
    page.button(key="network_undo").click().run()
    assert network(page).layers == IMPROVED_NET
    assert page.button(key="network_undo").disabled
    page.button(key="network_redo").click().run()
    page.button(key="network_redo").click().run()
    assert network(page) == relu
    assert page.button(key="network_redo").disabled


def test_what_cannot_be_built_is_said_at_its_layer_and_repaired_by_one_button(open_page):
    page = open_page("network", look="Build", layers="lenet", size="10")

    assert not page.exception
    assert "pool2 has a window of 2×2, but its input is 1×1" in page.error[0].value
    assert not [link for link in page.get("page_link") if "Use in training" in link.proto.label]
    (repair,) = [button for button in page.button if button.label == "Repair"]
    repair.click().run()
    assert not page.error
    assert network(page).layers == removed(PRESETS["lenet"].layers, 3)


def test_a_draft_is_kept_as_one_and_comes_back(open_page):
    page = open_page("network", look="Build", layers="lenet", size="10")
    page.text_input(key="network_name").set_value("too deep").run()
    page.button(key="network_save").click().run()

    (saved,) = state().networks.all()
    assert saved.config.layers == PRESETS["lenet"].layers
    assert any("draft: pool2 has a window" in caption.value.replace("\\", "") for caption in page.caption)
    page.selectbox(key="network_preset").set_value("MLP 128").run()
    page.button(key=f"network_load_{saved.id}").click().run()
    assert network(page) == saved.config


def test_the_link_to_training_keeps_the_rest_of_the_form(open_page):
    page = open_page("training", layers="lenet", size="20")
    assert page.session_state["form_config"].network.layers == PRESETS["lenet"].layers
    setting(page, "epochs").set_value(7).run()
    page.query_params.clear()
    for name, values in built.as_link(NetworkConfig(layers=EVERY_KIND, initialisation="he"), 24).items():
        page.query_params[name] = values
    page.run()

    config = page.session_state["form_config"]
    assert not page.exception
    assert (config.network.layers, config.network.initialisation) == (EVERY_KIND, "he")
    assert (config.transform.size, config.training.epochs) == (24, 7)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ("lenett", "'lenet'"),
        ('[{"kind": "convolution", "channels": 1000000000}]', "layer 1 (convolution): channels is 1000000000"),
        ('[{"kind": "attention"}]', "layer 1"),
        ('[{"kind": "convolution", "channels": 8, "heads": 2}]', "heads"),
        ('[{"kind": "convolution"', "layers"),
    ],
)
def test_half_a_network_in_the_address_is_said_and_changes_nothing(open_page, layers, words):
    page = open_page("network", look="Build", layers=layers)

    assert not page.exception
    assert words in page.warning[0].value.replace("\\", "")
    assert network(page) == NetworkConfig()


@pytest.mark.parametrize("look", ["Layers", "By hand", "Filters", "Feature maps", "Source"])
def test_every_view_shows_what_was_built(open_page, look):
    page = open_page("network", look=look, layers=json.dumps([{"kind": "convolution", "channels": 5, "kernel": 5}]))

    assert not page.exception
    assert not page.error
    assert network(page).layers[0].channels == 5
    if look == "Source":
        assert "nn.Conv2d(1, 5, kernel_size=5" in page.code[0].value


def test_beside_a_run_it_is_offered_as_built(open_page, trained_home):
    page = open_page("network", look="Layers", layers="lenet", weights="as built", all_layers="true")

    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Parameters"] == "61,706"


def test_the_cards_say_what_comes_out_of_each_layer_and_which_one_breaks():
    cards = payload(inserted(IMPROVED_NET, 4, "convolution"), 28)["cards"]
    assert [card["name"] for card in cards] == ["conv1", "conv2", "pool", "fc1", "conv3", "fc2", "logits"]
    assert [card["shape"] for card in cards][:5] == ["16 × 28 × 28", "32 × 28 × 28", "32 × 14 × 14", "128", ""]
    assert [card["broken"] for card in cards] == [False] * 4 + [True] + [False] * 2
    assert cards[0]["parameters"] == "160 parameters"
    assert cards[-1]["knobs"] == ()
