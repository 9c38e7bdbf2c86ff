"""A button that is pressed right after a change, before the page is drawn with it, acts on the change.

`AppTest` sends what is set and what is clicked together, where nothing is run in between: as a browser does that is
faster than the page. One that has just left the page can be pressed too, by a browser that still shows it.
"""

import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from digits_core.dashboard.state import state
from digits_core.training.ready_sweeps import READY
from tests.pages.controls import control, setting
from tests.pages.test_handwriting import save, saved
from tests.pictures import one_digit


def button(page: AppTest, words: str) -> Button:
    """The one whose label begins with these words."""
    (found,) = [each for each in page.button if each.label.startswith(words)]
    return found


def press_late(page: AppTest, gone: Button) -> None:
    """Press a button that is no longer on the page."""
    states = WidgetStates()
    states.widgets.add(id=gone.id, trigger_value=True)
    page._run(states)


@pytest.fixture
def with_runs(trained_home, open_page):
    """Open a page of a home with two runs."""
    return open_page


def test_a_run_is_trained_as_the_form_says_when_train_is_pressed(open_page):
    page = open_page("training", epochs="1", batch_size="512")
    setting(page, "epochs").set_value(2)
    next(each for each in page.button if each.label == "Train").click().run()

    assert not page.exception
    (run,) = state().runs.runs()
    assert (run.config.training.epochs, run.config.training.batch_size) == (2, 512)


def test_what_the_form_refuses_by_now_is_not_trained(open_page):
    page = open_page("training", unfolded=["fold_data"])
    setting(page, "train").set_value([])
    next(each for each in page.button if each.label == "Train").click().run()

    assert not page.exception
    assert len(page.error) == 1
    assert state().runs.runs() == []


def test_a_sweep_is_started_as_its_form_says_by_now(open_page):
    page = open_page("runs", runs_view="Sweeps", unfolded=["fold_sweep"])
    control(page, "sweep_name").set_value("two rates")
    control(page, "sweep_over_learning_rate").set_value("0.001, 0.002")
    page.button(key="sweep_start").click().run()

    assert not page.exception
    (sweep,) = state().sweeps.sweeps()
    assert (sweep.plan.name, sweep.plan.varied[0].values) == ("two rates", (0.001, 0.002))


def test_a_ready_made_sweep_is_started_that_is_chosen_by_now(open_page):
    page = open_page("runs", runs_view="Sweeps")
    page.pills(key="ready").set_value("Optimizers compared")
    page.button(key="sweep_start").click().run()

    assert not page.exception
    (sweep,) = state().sweeps.sweeps()
    assert sweep.plan == READY["Optimizers compared"].plan


def test_the_layer_that_is_varied_is_the_one_that_is_chosen_by_now(open_page):
    page = open_page("runs", runs_view="Sweeps", ready="How wide?", unfolded=["fold_sweep"])
    page.selectbox(key="sweep_layer_name").set_value("conv1").run()
    page.selectbox(key="sweep_layer_field").set_value("channels").run()
    page.text_input(key="sweep_layer_values").set_value("5").run()
    page.selectbox(key="sweep_layer_name").set_value("conv2")
    button(page, "Add these networks").click().run()

    assert not page.exception
    first, second = json.loads(control(page, "sweep_over_layers").value[-1])[:2]
    assert (first["channels"], second["channels"]) == (16, 5)


def test_a_run_gets_the_note_and_the_tags_that_are_typed_by_now(with_runs):
    run = state().runs.runs()[0]
    page = with_runs("runs", compare=[run.id], unfolded=["runs_edit"])
    page.text_area[0].set_value("Try 32 next.")
    button(page, "Save").click().run()
    tags = next(each for each in page.multiselect if each.label == "Tags").set_value(["one"]).run()
    tags.multiselect(key=next(each for each in page.multiselect if each.label == "Tags").key).set_value(["one", "two"])
    next(each for each in page.button if each.label == "Add").click().run()

    assert not page.exception
    now = state().runs.get(run.id)
    assert (now.note, now.tags) == ("Try 32 next.", ("one", "two"))


def test_digits_get_the_label_and_the_writer_that_are_chosen_by_now(open_page):
    save((3, "Ada"), (5, "Bob"))
    page = open_page("handwriting", way="Your digits")
    page.toggle(key="own_all").set_value(True).run()
    page.selectbox(key="own_label").set_value(8)
    button(page, "Relabel 2").click().run()
    assert saved() == [(8, "Ada"), (8, "Bob")]

    page.selectbox(key="own_new_writer").set_value("Bob").run()
    page.selectbox(key="own_new_writer").set_value("Ada")
    button(page, "Move 2").click().run()
    assert saved() == [(8, "Ada"), (8, "Ada")]


def test_a_writer_gets_the_name_that_is_typed_by_now(open_page):
    save((3, "Ada"), (5, "Aida"))
    page = open_page("handwriting", way="Writers")
    page.text_input(key="rename_to").set_value("Adah").run()
    page.selectbox(key="rename_from").set_value("Aida")
    page.text_input(key="rename_to").set_value("Ada")
    button(page, "Rename").click().run()
    assert state().handwriting.writers() == [("Ada", 2)]

    page.text_input(key="rename_to").set_value("Bob").run()
    page.text_input(key="rename_to").set_value("Ada")
    button(page, "Rename").click().run()
    assert not page.exception
    assert state().handwriting.writers() == [("Ada", 2)]


def test_pictures_are_saved_as_the_table_and_the_writer_above_it_say_by_now(open_page):
    save((0, "Ada"))
    page = open_page("handwriting", way="Pictures")
    files = [(f"{digit}.png", one_digit(digit), "image/png") for digit in (1, 2)]
    page.file_uploader[0].set_value(files).run()
    page.selectbox(key="writer").set_value("me")
    button(page, "Save 2").click().run()

    assert not page.exception
    assert saved() == [(0, "Ada"), (1, "me"), (2, "me")]


def test_a_network_is_saved_by_the_name_that_is_typed_by_now(open_page):
    page = open_page("network", look="Build", layers="lenet")
    page.text_input(key="network_name").set_value("mine")
    page.button(key="network_save").click().run()

    assert not page.exception
    assert [each.name for each in state().networks.all()] == ["mine"]


def test_a_changed_network_is_kept_as_it_is_changed_by_now(with_runs):
    page = with_runs("network", look="Units", run=state().runs.runs()[0].id)
    page.segmented_control(key="units_layer").set_value("fc1").run()
    page.multiselect(key="units_off").set_value(["fc1 0"]).run()
    page.slider(key="units_prune").set_value(50)
    page.slider(key="units_noise").set_value(0.1)
    page.button(key="units_keep").click().run()

    assert not page.exception
    assert "fc1 0 off, 50 % of weights at 0, noise 0.1" in state().runs.runs()[0].name


def test_a_note_is_saved_by_a_button_whose_popover_is_just_closing(with_runs):
    run = state().runs.runs()[0]
    page = with_runs("runs", compare=[run.id], unfolded=["runs_edit"])
    page.text_area[0].set_value("Try 64 next.").run()
    save_note = button(page, "Save")
    page.session_state["runs_edit"] = False
    page.run()
    assert not page.text_area
    press_late(page, save_note)

    assert not page.exception
    assert state().runs.get(run.id).note == "Try 64 next."


def test_a_writer_is_renamed_by_a_button_of_the_view_that_was_just_left(open_page):
    save((3, "Ada"), (5, "Bob"))
    page = open_page("handwriting", way="Writers")
    page.text_input(key="rename_to").set_value("Adah").run()
    rename = button(page, "Rename")
    page.segmented_control(key="way").set_value("Draw").run()
    press_late(page, rename)

    assert not page.exception
    assert ("Adah", 1) in state().handwriting.writers()
