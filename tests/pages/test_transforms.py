"""The Transforms page: its steps, its four views, its address, and what it hands to training."""

import json

import pytest
import torch
from PIL import Image

from digits_core.config import TransformConfig
from digits_core.dashboard.state import state
from digits_core.training.recipes import RECIPES
from digits_core.transforms.pipeline import build_pipeline
from tests.pages.controls import control, setting
from tests.unit.helpers import wait_for


def steps(page) -> list[dict]:
    """What the pictures of the steps show, as the browser gets it."""
    return json.loads(next(each.proto.json for each in page.get("bidi_component") if each.proto.id.endswith("-steps")))[
        "steps"
    ]


def titles(page) -> list[str]:
    return [step["title"] for step in steps(page)]


def toggle(page, step: str):
    return page.toggle(key=f"transform_{step}_on")


def add(page, step: str) -> None:
    page.selectbox(key="transform_added").set_value(step).run()


@pytest.mark.parametrize("dataset", ["optdigits", "mnist-5k"])
def test_the_first_view_is_the_lectures_way(open_page, dataset):
    page = open_page("transforms", dataset=dataset)
    assert not page.exception
    assert titles(page) == ["The tuple's image", "To PIL image", "Resize to 28×28", "To tensor", "Normalise"]
    last = steps(page)[-1]
    assert (last["type"], last["shape"], last["dtype"]) == ("tensor", "(1, 28, 28)", "float32")
    assert last["range"].startswith("-1 to ")


def test_random_steps_are_marked_and_left_out_for_test_images(open_page):
    training = steps(open_page("transforms", rotation="12", noise="0.1"))
    assert [step["title"] for step in training if step["random"]] == ["Random affine", "Random noise"]
    assert not any(step["random"] for step in steps(open_page("transforms", rotation="12", split="test")))


def test_switching_a_step_on_puts_it_into_the_way_and_the_address(open_page):
    page = open_page("transforms")
    add(page, "rotation")
    page.slider(key="transform_rotation_value").set_value(25.0).run()
    assert page.query_params["rotation"] == "25"
    assert "Random affine" in titles(page)

    toggle(page, "rotation").set_value(False).run()
    assert "rotation" not in page.query_params
    add(page, "rotation")
    assert page.slider(key="transform_rotation_value").value == 25


def test_an_address_sets_every_control(open_page):
    page = open_page("transforms", centre="true", size="20", elastic="1.5", mean="0.25", interpolation="nearest")
    assert toggle(page, "centre").value
    assert page.number_input(key="transform_size_value").value == 20
    assert page.slider(key="transform_elastic_value").value == 1.5
    assert page.number_input(key="transform_mean_value").value == 0.25
    assert "transform_rotation_on" not in {each.key for each in page.toggle}


@pytest.mark.parametrize("query", [{"rotation": "999"}, {"size": "x", "noise": "7"}, {"interpolation": "<b>"}])
def test_an_address_that_asks_for_the_impossible_is_told_once_and_the_lecture_shown(open_page, query):
    page = open_page("transforms", **query)
    assert not page.exception
    assert len(page.warning) == 1
    assert next(iter(query)) in page.warning[0].value
    assert len(steps(page)) == 5
    assert not set(query) & set(page.query_params)


def test_a_recipes_transform_fills_the_steps(open_page):
    page = open_page("transforms", transform_view="Code")
    page.selectbox(key="transform_preset").set_value("Robust (recipe)").run()
    picture = Image.fromarray(state().catalogue.load("optdigits").images[0])
    shown: dict = {}
    exec(page.code[0].value, shown)
    torch.manual_seed(1)
    expected = build_pipeline(RECIPES["Robust"].config.transform, training=True)(picture)
    torch.manual_seed(1)
    assert torch.equal(shown["training_transform"](picture), expected)


@pytest.mark.parametrize("view", ["Steps", "Variants", "Mean images", "Code"])
@pytest.mark.parametrize("query", [{}, {"rotation": "12", "erasing": "0.5", "normalisation": "dataset"}])
def test_every_view_shows_something_for_any_transform(open_page, view, query):
    page = open_page("transforms", transform_view=view, **query)
    assert not page.exception
    assert not page.error
    assert page.subheader[-1].value


def test_all_images_are_averaged_where_that_is_asked_for(open_page):
    page = open_page("transforms", dataset="mnist-5k", transform_view="Mean images", rotation="5")
    assert any("2,000 of 4,000 training images, evenly spread" in text.value for text in page.caption)
    page.toggle(key="average_all").set_value(True).run()
    wait_for(lambda: any("All training images" in text.value for text in page.run().caption), what="all of them")
    assert not page.exception


def test_mean_images_of_few_are_of_all_of_them(open_page):
    page = open_page("transforms", dataset="optdigits", transform_view="Mean images", rotation="5")
    assert any("All training images" in text.value for text in page.caption)
    assert "average_all" not in page.session_state


def test_a_dataset_without_images_says_where_they_come_from(open_page):
    page = open_page("transforms", dataset="handwriting")
    assert not page.exception
    assert any("No handwriting yet" in text.value for text in page.markdown)


def test_the_datasets_own_numbers_are_measured_and_shown(open_page):
    page = open_page("transforms", dataset="mnist-5k", normalisation="dataset", transform_view="Code")
    assert any("0.1315" in text.value and "4,000 training images" in text.value for text in page.caption)
    assert "v2.Normalize([0.131" in page.code[0].value


def test_normalising_is_switched_off_and_on_again(open_page):
    page = open_page("transforms")
    toggle(page, "normalise").set_value(False).run()
    assert steps(page)[-1]["range"] == "0 to 0.886"
    add(page, "normalise")
    assert steps(page)[-1]["range"].startswith("-1 to ")


def test_a_saved_transform_is_loaded_renamed_deleted_and_brought_back(open_page):
    page = open_page("transforms", rotation="7")
    page.text_input(key="transform_name").set_value("gentle [turns]").run()
    page.button(key="transform_save").click().run()
    saved = state().transforms.all()[0]
    assert (saved.name, saved.config) == ("gentle [turns]", TransformConfig(rotation=7))

    page.text_input(key="transform_name").set_value("Gentle [turns]").run()
    page.button(key="transform_save").click().run()
    assert ["already" in error.value for error in page.error] == [True]

    page.text_input(key=f"transform_rename_{saved.id}").set_value("calm").run()
    assert [each.name for each in state().transforms.all()] == ["calm"]
    page.button(key=f"transform_delete_{saved.id}").click().run()
    assert state().transforms.all() == []
    next(button for button in page.button if button.label == "Undo the deletion").click().run()
    assert [each.name for each in state().transforms.all()] == ["calm"]

    page.slider(key="transform_rotation_value").set_value(40.0).run()
    page.selectbox(key="transform_preset").set_value("calm").run()
    assert page.query_params["rotation"] == "7"
    assert not page.exception


def test_training_takes_a_saved_transform_and_says_what_it_does(open_page):
    state().transforms.save("calm", TransformConfig(rotation=7))
    page = open_page("training", unfolded=["fold_data"])
    assert any("resized to 28×28" in caption.value for caption in page.caption)
    number = state().transforms.all()[0].id
    setting(page, "transform").set_value(f"saved-{number}").run()
    assert not page.exception
    assert any("rotation ±7°" in caption.value for caption in page.caption)

    control(page, "recipe").set_value("Robust").run()
    assert setting(page, "transform").value == "recipe"
    assert any(
        f"rotation ±{RECIPES['Robust'].config.transform.rotation:g}°" in caption.value for caption in page.caption
    )


def test_training_takes_the_transform_of_its_address_and_refuses_one_that_cannot_be(open_page):
    page = open_page("training", unfolded=["fold_data"], rotation="33", centre="true")
    assert setting(page, "transform").value == "custom"
    assert any("centred by mass" in caption.value and "rotation ±33°" in caption.value for caption in page.caption)
    setting(page, "transform").set_value("recipe").run()
    assert "rotation" not in page.query_params

    refused = open_page("training", unfolded=["fold_data"], rotation="999")
    assert ["rotation is" in error.value for error in refused.error] == [True]
    assert setting(refused, "transform").value == "recipe"


def test_a_transform_that_is_handed_over_leaves_the_rest_of_the_form_as_it_is(open_page):
    page = open_page("training", unfolded=["fold_data"])
    control(page, "recipe").set_value("Robust").run()

    page.query_params.clear()
    page.query_params["elastic"] = "2"
    page.run()

    assert not page.exception
    assert setting(page, "batch_size").value == 64
    assert setting(page, "transform").value == "custom"
    assert not any("rotation" in caption.value for caption in page.caption)
