"""Network without a browser: every view, with and without a trained run."""

import json
import re

import pytest
import torch

from digits_core.dashboard.state import state
from digits_core.data.builtin import read_optdigits
from digits_core.network.activations import activations
from digits_core.transforms import batched
from tests.unit.networks import improved_net

VIEWS = ["Layers", "By hand", "Filters", "Feature maps", "Samples", "Source"]


def metrics(page) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def captions(page) -> str:
    return " ".join(caption.value for caption in page.caption)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_works_before_anything_is_trained(open_page, view):
    page = open_page("network", look=view)

    assert not page.exception
    assert not page.error
    assert page.segmented_control(key="look").value == view
    assert ("Nothing is trained yet" in captions(page)) == (view != "Source")


@pytest.mark.parametrize("view", VIEWS[1:5])
def test_every_view_works_with_a_run_and_beside_another(open_page, trained_home, view):
    newest, first = state().runs.runs()
    page = open_page("network", look=view, run=newest.id, other=first.id)

    assert not page.exception
    assert not page.error
    assert not page.warning
    if view != "By hand":
        assert [heading.value for heading in page.subheader][:2] == [rf"\#2 {newest.name}", rf"\#1 {first.name}"]


def test_the_table_counts_the_lectures_parameters(open_page):
    page = open_page("network", all_layers="true")

    assert not page.exception
    assert metrics(page)["Parameters"] == "816,650"
    table = page.dataframe[0].value
    assert table["Parameters"][:-1].sum() == 816_650
    assert table.iloc[-1]["Parameters"] == 816_650
    assert table.iloc[-1]["Layer"] == "Total"


def test_another_image_size_changes_the_flattened_size(open_page):
    assert metrics(open_page("network", size="32", all_layers="true"))["Flattened size"] == f"{32 * 16 * 16:,}"


def test_a_layer_is_explained_with_its_formula(open_page):
    page = open_page("network", layer="conv2")
    facts = " ".join(each.proto.body for each in page.get("html"))

    assert "32 · (16·3·3 + 1)" in facts
    assert "4,640" in facts


def drawn(page) -> dict:
    """What the diagram shows, as the browser gets it."""
    return json.loads(
        next(each.proto.json for each in page.get("bidi_component") if each.proto.id.endswith("-diagram"))
    )


def test_the_diagram_is_drawn_from_the_chosen_image_by_the_chosen_run(open_page, trained_home):
    run, digits = state().runs.runs()[0], read_optdigits()
    page = open_page("network", run=run.id, split="test", image="5")
    image = digits.images[digits.indices("test")[4]]
    network = improved_net(28, 0.3, 0)
    network.load_state_dict(
        {name: torch.from_numpy(values) for name, values in state().artifacts(run.id).load_weights().items()}
    )
    transform = run.config.transform
    found = activations(network.eval(), batched.normalise(batched.prepare(image[None], transform), transform))

    blocks = {block["name"]: block for block in drawn(page)["blocks"]}
    assert list(blocks) == list(found)
    for name, activation in found.items():
        largest = activation.after[0].reshape(len(activation.after[0]), -1).amax(dim=1)
        assert blocks[name]["largest"] == pytest.approx(largest.tolist(), abs=1e-3)


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 3), ("conv2", 20), ("fc1", 90), ("fc2", 7), ("fc3", 9)])
def test_a_sum_by_hand_is_that_of_the_runs_network(open_page, trained_home, layer, unit):
    page = open_page(
        "network", look="By hand", layer=layer, unit=str(unit), row="9", column="12", split="test", image="5"
    )
    assert not page.exception

    run, digits = state().runs.runs()[0], read_optdigits()
    network = improved_net(28, 0.3, 0)
    network.load_state_dict(
        {name: torch.from_numpy(values) for name, values in state().artifacts(run.id).load_weights().items()}
    )
    image = digits.images[digits.indices("test")[4]]
    transform = run.config.transform
    found = activations(network.eval(), batched.normalise(batched.prepare(image[None], transform), transform))
    values = found[layer].before[0, unit]
    expected = float(values[9, 12] if values.ndim else values)
    shown = metrics(page)
    products = next(number(value) for name, value in shown.items() if name.startswith("Sum of"))
    assert number(shown["= sum"]) == pytest.approx(expected, abs=1e-5, rel=1e-5)
    assert products + number(shown["+ bias"]) == pytest.approx(number(shown["= sum"]), abs=2e-6)


def test_before_training_the_weights_are_those_that_the_runs_seed_gives(open_page, trained_home):
    page = open_page("network", look="By hand", layer="fc3", unit="4", weights="before training")

    bias = improved_net(28, 0.3, state().runs.runs()[0].config.training.seed).fc3.bias[4].item()
    assert number(metrics(page)["+ bias"]) == pytest.approx(bias, abs=1e-6)


def test_the_padding_is_explained_with_the_numbers_that_the_layer_reads(open_page):
    assert "paper is −1 here and ink 1, so that zeros look like a grey frame" in captions(
        open_page("network", look="By hand", layer="conv1")
    )
    assert "as if conv1 had found nothing there" in captions(open_page("network", look="By hand", layer="conv2"))


def test_a_smaller_layer_takes_the_nearest_place_that_it_has(open_page):
    page = open_page("network", look="By hand", layer="conv2", unit="31", row="27", column="27", image="1400")
    page.segmented_control(key="layer").set_value("pool").run()
    assert (page.slider(key="row").value, page.slider(key="column").value) == (13, 13)

    page.segmented_control(key="split").set_value("test").run()
    page.segmented_control(key="layer").set_value("conv1").run()
    assert not page.exception
    assert page.number_input(key="unit").value == 15
    assert page.number_input(key="image").value == (read_optdigits().test).sum()


def test_an_untrained_network_of_another_size_can_be_walked_through(open_page):
    page = open_page("network", look="By hand", size="12", layer="pool")

    assert not page.exception
    assert page.slider(key="row").max == 5


def test_dead_units_are_counted_over_the_whole_test_split(open_page, trained_home):
    page = open_page("network", look="Feature maps")

    assert f"each of the {read_optdigits().test.sum()} images of the whole test split" in captions(page)


def test_each_map_of_the_samples_says_how_far_the_digits_are_apart(open_page, trained_home):
    page = open_page("network", look="Samples")
    figures = re.findall(r"Nearest mean \*\*([\d.]+)%\*\* · silhouette \*\*(-?[\d.]+)\*\*", captions(page))

    assert len(figures) == 6
    pixels, fc2 = float(figures[0][0]), float(figures[-1][0])
    assert 70 < pixels < 100
    assert fc2 > 80


@pytest.mark.parametrize("view", ["Layers", "By hand", "Feature maps", "Samples"])
@pytest.mark.parametrize(("dataset", "words"), [("handwriting", "No handwriting yet"), ("mnist", "is not here yet")])
def test_a_dataset_without_a_picture_says_what_to_do(open_page, view, dataset, words):
    page = open_page("network", look=view, dataset=dataset)
    assert not page.exception
    assert any(words in text.value for text in page.markdown)


def test_a_second_run_that_is_gone_is_named_and_left_out(open_page, trained_home):
    page = open_page("network", look="Filters", other="deadbeef")

    assert not page.exception
    assert ["deadbeef cannot be compared with here" in warning.value for warning in page.warning] == [True]


def test_the_source_is_that_of_the_chosen_size_and_dropout(open_page):
    page = open_page("network", look="Source", size="20", dropout="0.5")

    assert "ImprovedNet(size=20, dropout=0.5)" in page.code[0].value
