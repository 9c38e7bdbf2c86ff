"""The Training page: the form, and what it refuses."""

from digits_core.dashboard.state import state
from digits_core.training.recipes import RECIPES


def test_the_form_starts_with_the_lecture(open_page):
    page = open_page("training")
    assert not page.exception
    assert page.number_input(key="training_epochs").value == 4
    assert page.number_input(key="training_batch_size").value == 16
    assert page.number_input(key="training_learning_rate").value == 0.001
    assert page.selectbox(key="training_optimizer").value == "adam"


def test_a_recipe_fills_the_form(open_page):
    page = open_page("training")
    page.selectbox(key="recipe").set_value("Robust").run()
    robust = RECIPES["Robust"].config
    assert page.number_input(key="training_epochs").value == robust.training.epochs
    assert page.selectbox(key="training_schedule").value == robust.training.schedule
    assert tuple(page.multiselect(key="training_train").value) == robust.data.train


def test_the_url_chooses_the_recipe(open_page):
    page = open_page("training", recipe="Robust")
    assert page.number_input(key="training_batch_size").value == RECIPES["Robust"].config.training.batch_size


def test_a_changed_setting_survives_until_another_recipe_is_chosen(open_page):
    page = open_page("training")
    page.number_input(key="training_epochs").set_value(9).run()
    assert page.number_input(key="training_epochs").value == 9
    page.selectbox(key="recipe").set_value("Robust").run()
    page.selectbox(key="recipe").set_value("Lecture").run()
    assert page.number_input(key="training_epochs").value == 4


def test_without_a_run_the_page_says_what_to_do(open_page):
    page = open_page("training")
    assert any("Nothing has been trained yet" in info.value for info in page.info)


def test_a_batch_larger_than_the_data_is_refused_and_starts_nothing(open_page):
    page = open_page("training")
    page.number_input(key="training_batch_size").set_value(4000).run()
    train_button(page).click().run()
    assert not page.exception
    assert ["4000 is larger than the 1438" in error.value for error in page.error] == [True]
    assert state().runs.runs() == []


def test_a_dataset_that_is_not_there_is_refused_and_starts_nothing(open_page):
    page = open_page("training")
    page.multiselect(key="training_train").set_value(["handwriting"]).run()
    train_button(page).click().run()
    assert ["no handwriting yet" in error.value for error in page.error] == [True]
    assert state().runs.runs() == []


def test_no_dataset_at_all_is_named_beside_the_form(open_page):
    page = open_page("training")
    page.multiselect(key="training_train").set_value([]).run()
    assert not page.exception
    assert ["train" in error.value for error in page.error] == [True]


def test_a_finished_run_is_shown_with_the_lectures_lines(open_page, trained_home):
    page = open_page("training")
    assert not page.exception
    assert page.code[0].value.startswith("Epoch: 1/1, Loss: ")


def test_a_run_that_is_not_there_is_said_and_the_newest_shown(open_page, trained_home):
    page = open_page("training", run="deadbeef")
    assert not page.exception
    assert ["There is no run deadbeef" in warning.value for warning in page.warning] == [True]
    assert page.selectbox(key="run").value == state().runs.runs()[0].id


def train_button(page):
    return next(button for button in page.button if button.label == "Train")
