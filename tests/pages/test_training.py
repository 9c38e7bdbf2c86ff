"""The Training page: the form, what it refuses, how it travels; and what can be done to a run."""

import shutil
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.config import RunConfig, TrainingConfig
from digits_core.dashboard import page_address
from digits_core.dashboard import state as app_state
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.state import state
from digits_core.runs.process_owner import this_process
from digits_core.training.events import Changed, EpochFinished, Finished
from digits_core.training.ready_sweeps import READY
from digits_core.training.recipes import RECIPES
from tests.pages.controls import control, controls, run_control, session_key, setting

SECONDS = 60


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory):
    """A home without runs for all tests of this module: each home that a page opens starts a cluster of its own."""
    yield tmp_path_factory.mktemp("empty")
    app_state.stop()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def home_with_runs(trained, empty_home, tmp_path_factory):
    return shutil.copytree(trained, tmp_path_factory.mktemp("runs") / "home")


FOLDS = ("fold_data", "fold_more", "ready_sweeps", "share_settings", "run_change")
"""What is folded away until somebody opens it."""


def open_training(query, unfolded=FOLDS):
    page = AppTest.from_file(PAGES["training"].file, default_timeout=SECONDS)
    for key in unfolded:
        page.session_state[key] = True
    for key, value in query.items():
        page.query_params[key] = value
    return page.run()


@pytest.fixture
def open_form(empty_home, monkeypatch):
    """Open the page, with what its URL says, where nothing has been trained yet."""
    monkeypatch.setenv("DIGITS_HOME", str(empty_home))
    return lambda **query: open_training(query)


@pytest.fixture
def open_folded(empty_home, monkeypatch):
    """The same, with everything folded away that a person finds so."""
    monkeypatch.setenv("DIGITS_HOME", str(empty_home))
    return lambda **query: open_training(query, unfolded=())


@pytest.fixture
def open_with_runs(home_with_runs, monkeypatch):
    """Open the page, with what its URL says, where two runs have finished."""
    monkeypatch.setenv("DIGITS_HOME", str(home_with_runs))
    return lambda **query: open_training(query)


def test_the_form_starts_with_the_lecture(open_form):
    page = open_form()
    assert not page.exception
    assert setting(page, "epochs").value == 4
    assert setting(page, "batch_size").value == 16
    assert setting(page, "learning_rate").value == 0.001
    assert setting(page, "optimizer").value == "adam"


def test_at_first_the_form_is_its_recipe_and_six_settings(open_folded):
    page = open_folded()
    shown = [
        each.label for kind in ("selectbox", "number_input", "multiselect", "text_input") for each in page.get(kind)
    ]
    assert shown == ["Recipe", "Optimizer", "Loss function", "Epochs", "Batch size", "Learning rate", "Dropout"]


def test_what_is_folded_away_counts_all_the_same(open_folded):
    page = open_folded(recipe="Robust", seed="7", train=["mnist-5k"], name="mine")
    config = page.session_state["form_config"]
    assert (config.training.seed, config.data.train, config.name) == (7, ("mnist-5k",), "mine")
    assert config.training.schedule == RECIPES["Robust"].config.training.schedule


def test_what_was_set_in_a_fold_outlives_its_closing(open_form):
    page = open_form()
    setting(page, "seed").set_value(5).run()
    page.session_state["fold_more"] = False
    page.run()
    setting(page, "epochs").set_value(9).run()
    assert not controls(page, "training_seed")
    assert page.session_state["form_config"].training.seed == 5
    page.session_state["fold_more"] = True
    assert setting(page.run(), "seed").value == 5


def test_a_recipe_fills_the_form(open_form):
    page = open_form()
    control(page, "recipe").set_value("Robust").run()
    robust = RECIPES["Robust"].config
    assert setting(page, "epochs").value == robust.training.epochs
    assert setting(page, "schedule").value == robust.training.schedule
    assert tuple(setting(page, "train").value) == robust.data.train


def test_what_takes_several_runs_is_a_link_to_the_sweep_that_is_ready_for_it(open_form):
    links = {each.label: each.proto.page + "?" + each.proto.query_string for each in open_form().page_link}
    assert links.keys() >= READY.keys()
    address = urlsplit(links["Optimizers compared"])
    assert address.path == "runs"
    assert parse_qs(address.query) == {"runs_view": ["Sweeps"], "ready": ["Optimizers compared"]}


def test_the_url_chooses_the_recipe(open_form):
    page = open_form(recipe="Robust")
    assert setting(page, "batch_size").value == RECIPES["Robust"].config.training.batch_size


def test_a_changed_setting_survives_until_another_recipe_is_chosen(open_form):
    page = open_form()
    setting(page, "epochs").set_value(9).run()
    assert setting(page, "epochs").value == 9
    control(page, "recipe").set_value("Robust").run()
    control(page, "recipe").set_value("Lecture").run()
    assert setting(page, "epochs").value == 4


def test_a_setting_that_is_changed_while_the_address_is_being_written_stays(open_form, monkeypatch):
    page, write = open_form(), page_address.write
    with monkeypatch.context() as patch:
        # A click that waits ends the run where it sends something, as `stop` does.
        patch.setattr(page_address, "write", lambda *what: [write(*what), st.stop()])
        setting(page, "epochs").set_value(9).run()
    page.session_state[session_key(page, "training_batch_size")] = 32
    page.run()

    assert page.query_params["epochs"] in ("9", ["9"])
    assert setting(page, "batch_size").value == 32
    assert setting(page, "epochs").value == 9


def test_without_a_run_the_page_says_what_to_do(open_form):
    page = open_form()
    assert any("Nothing has been trained yet" in info.value for info in page.info)


def test_a_batch_larger_than_the_data_is_refused_and_starts_nothing(open_form):
    page = open_form()
    setting(page, "batch_size").set_value(4000).run()
    train_button(page).click().run()
    assert not page.exception
    # Also when the page is drawn anew, as it is while another run trains.
    for _ in range(2):
        assert ["4000 is larger than the 1438" in error.value for error in page.run().error] == [True]
    assert state().runs.runs() == []
    setting(page, "batch_size").set_value(40).run()
    assert not page.error


def test_a_dataset_that_is_not_there_is_refused_and_starts_nothing(open_form):
    page = open_form()
    setting(page, "train").set_value(["handwriting"]).run()
    train_button(page).click().run()
    assert ["no handwriting yet" in error.value for error in page.error] == [True]
    assert state().runs.runs() == []


def test_no_dataset_at_all_is_named_beside_the_form(open_form):
    page = open_form()
    setting(page, "train").set_value([]).run()
    assert not page.exception
    assert ["train" in error.value for error in page.error] == [True]


def test_a_finished_run_is_shown_with_the_lectures_lines(open_with_runs):
    page = open_with_runs(run=state().runs.runs()[-1].id)
    assert not page.exception
    assert any(code.value.startswith("Epoch: 1/1, Loss: ") for code in page.code)


def test_a_run_that_is_not_there_is_said_and_the_newest_shown(open_with_runs):
    page = open_with_runs(run="deadbeef")
    assert not page.exception
    assert ["There is no run deadbeef" in warning.value for warning in page.warning] == [True]
    assert run_control(page).value == state().runs.runs()[0].id


def train_button(page):
    return next(button for button in page.button if button.label == "Train")


def test_a_link_fills_the_form_with_what_differs_from_its_recipe(open_form):
    page = open_form(recipe="Robust", epochs="8", train=["mnist-5k"], dropout="0.1")
    assert setting(page, "epochs").value == 8
    assert setting(page, "dropout").value == 0.1
    assert setting(page, "train").value == ["mnist-5k"]
    assert setting(page, "batch_size").value == RECIPES["Robust"].config.training.batch_size


def test_the_url_says_what_was_changed_and_no_more(open_form):
    page = open_form()
    assert "recipe" not in page.query_params
    setting(page, "epochs").set_value(9).run()
    assert page.query_params == {"recipe": "Lecture", "epochs": "9"}
    setting(page, "epochs").set_value(4).run()
    assert "epochs" not in page.query_params


def test_a_wrong_link_is_refused_in_one_message_and_the_lecture_shown(open_form):
    page = open_form(epochs="0", optimizer="magic", train=["mnist-5k"])
    assert not page.exception
    (error,) = page.error
    assert "epochs" in error.value
    assert "magic" in error.value
    assert setting(page, "train").value == ["optdigits"]


def test_a_link_to_a_dataset_that_is_not_here_says_so(open_form):
    page = open_form(train=["moon"])
    assert ["moon" in error.value for error in page.error] == [True]


def test_a_teachers_link_hides_what_is_not_the_lesson_and_keeps_its_value(open_form):
    page = open_form(hide="data,more,dropout", dropout="0.1", seed="7")
    assert [box.label for box in page.multiselect] == ["Hide in the link"]
    assert [box.label for box in page.number_input] == ["Epochs", "Batch size", "Learning rate"]
    assert page.session_state["form_config"].training.dropout == 0.1
    assert page.session_state["form_config"].training.seed == 7
    next(button for button in page.button if button.label == "Show all").click().run()
    assert setting(page, "dropout").value == 0.1
    assert "hide" not in page.query_params


def test_a_pasted_config_fills_the_form(open_form):
    page = open_form()
    page.text_area(key="pasted_config").set_value('{"training": {"epochs": 3, "optimizer": "sgd"}}')
    page.button(key="use_pasted").click().run()
    assert setting(page, "epochs").value == 3
    assert setting(page, "optimizer").value == "sgd"


def test_a_wrong_pasted_config_names_every_problem_and_loses_nothing(open_form):
    page = open_form()
    setting(page, "epochs").set_value(9).run()
    page.text_area(key="pasted_config").set_value('{"training": {"epochs": 0, "speed": 1}, "transform": {"size": 3}}')
    page.button(key="use_pasted").click().run()
    (error,) = page.error
    assert [word in error.value for word in ("epochs", "speed", "size")] == [True] * 3
    assert page.text_area(key="pasted_config").value.startswith('{"training"')
    assert setting(page, "epochs").value == 9


def test_a_refused_field_leaves_every_other_as_it_was(open_form):
    page = open_form()
    setting(page, "epochs").set_value(9).run()
    setting(page, "test").set_value([]).run()
    assert train_button(page).disabled
    assert setting(page, "epochs").value == 9
    setting(page, "test").set_value(["optdigits"]).run()
    assert not train_button(page).disabled
    assert setting(page, "epochs").value == 9


def test_what_has_no_effect_is_disabled_with_the_reason(open_form):
    page = open_form()
    assert setting(page, "momentum").disabled
    assert "Only SGD" in setting(page, "momentum").help
    setting(page, "optimizer").set_value("sgd").run()
    assert not setting(page, "momentum").disabled


def test_an_earlier_run_fills_the_form_and_tells_how_long_it_took(open_with_runs):
    page = open_with_runs()
    slow = next(run for run in state().runs.runs() if run.name == "slow")
    control(page, "as_in_run").set_value(slow.id).run()
    assert page.session_state["form_config"] == slow.config
    assert any("on this machine" in caption.value and "slow" in caption.value for caption in page.caption)


def test_without_an_earlier_run_no_time_is_named(open_form):
    page = open_form()
    assert not any("on this machine" in caption.value for caption in page.caption)


def test_an_ended_run_can_be_continued_and_not_stopped(open_with_runs):
    run = next(run for run in state().runs.runs() if run.name == "fast")
    page = open_with_runs(run=run.id)
    assert page.button(key=f"stop_{run.id}").disabled
    assert "finished" in page.button(key=f"stop_{run.id}").help
    assert not page.button(key=f"continue_{run.id}").disabled
    assert not page.button(key=f"train_again_{run.id}").disabled


def test_a_run_that_was_stopped_in_its_first_epoch_is_not_offered_to_be_continued(open_with_runs):
    """It has an accuracy, that of the weights of the moment, and no checkpoint."""
    run = state().runs.create(RunConfig(), this_process())
    state().runs.apply(run.id, Finished("stopped", 0, 0.5, 0.9, 1.0, "Stopped by hand.", batch=40))
    page = open_with_runs(run=run.id)

    assert page.button(key=f"continue_{run.id}").disabled
    assert "ended before its first epoch did" in page.button(key=f"continue_{run.id}").help
    assert "Starts again from the beginning" in page.button(key=f"pause_{run.id}").help


def test_continue_says_what_it_does_with_what_was_changed_by_hand(open_with_runs):
    """Stopped in mid-epoch, and with another learning rate: it neither starts where it ended nor has the numbers."""
    finished = next(run for run in state().runs.runs() if run.name == "fast")
    page = open_with_runs(run=finished.id)
    assert "goes on after epoch 1," in page.button(key=f"continue_{finished.id}").help
    assert "without a break" in page.button(key=f"continue_{finished.id}").help

    stopped = state().runs.create(RunConfig(), this_process())
    shutil.copytree(state().artifacts(finished.id).weights_path.parent, state().home.run(stopped.id))
    for event in (
        Changed("learning_rate", 0.01, 1, 7),
        EpochFinished(1, 4, 0.5, 0.8, 0.4, 0.9, 0.01, 900.0, 1.0),
        Finished("stopped", 1, 0.4, 0.9, 1.5, "Stopped by hand.", batch=20),
    ):
        state().runs.apply(stopped.id, event)
    page = open_with_runs(run=stopped.id)
    help_text = page.button(key=f"continue_{stopped.id}").help
    assert not page.button(key=f"continue_{stopped.id}").disabled
    assert "Anything learnt after epoch 1 is left out" in help_text
    assert "stays at 0.01, as it was set by hand" in help_text
    assert "without a break" not in help_text
    assert "numbers will differ" in page.button(key=f"train_again_{stopped.id}").help


def test_a_hint_is_applied_to_the_form_and_undone(open_with_runs):
    run = diverged_run()
    page = open_with_runs(run=run.id, name="mine", epochs="7")
    before = page.session_state["form_config"]
    page.button(key="hint_nan").click().run()
    assert setting(page, "learning_rate").value == 0.001
    assert setting(page, "epochs").value == 2
    page.button(key="undo_hint").click().run()
    assert page.session_state["form_config"] == before


def diverged_run():
    """A run in the store that ended as diverging trainings do."""
    run = state().runs.create(RunConfig(training=TrainingConfig(learning_rate=50, epochs=2)), this_process())
    state().runs.apply(run.id, Finished("diverged", 0, None, None, 0.1, "The loss was no longer a number."))
    return state().runs.get(run.id)


def test_why_a_run_is_not_continued_stays_until_something_else_is_done(open_with_runs):
    page = open_with_runs()
    finished, other = [run.id for run in state().runs.runs() if run.status == "finished"][:2]
    run_control(page).set_value(finished).run()
    (state().artifacts(finished).weights_path.parent / "checkpoint.pt").unlink()
    page.button(key=f"continue_{finished}").click().run()
    for _ in range(2):
        assert ["checkpoint" in error.value for error in page.run().error] == [True]
    run_control(page).set_value(other).run()
    assert not page.error


@pytest.fixture
def start_elsewhere():
    """Write a run as training, started on another page, by another person or by a sweep; it ends with the test."""
    started = []

    def start(session: str = "another", sweep: str = "") -> str:
        run = state().runs.create(RunConfig(name="elsewhere"), this_process(), session, sweep=sweep)
        started.append(run.id)
        return run.id

    yield start
    for run_id in started:
        end(run_id)


def end(run_id: str) -> None:
    state().runs.apply(run_id, Finished("stopped", 0, None, None, 0.1))


def test_a_run_that_was_started_elsewhere_is_shown_while_it_trains_and_after(open_with_runs, start_elsewhere):
    page = open_with_runs()
    for sweep in ("", "a1b2"):
        run_id = start_elsewhere(sweep=sweep)
        assert run_control(page.run()).value == run_id
        assert page.query_params["run"] == run_id
        end(run_id)
        assert run_control(page.run()).value == run_id


def test_a_run_that_trains_is_not_left_for_another(open_with_runs, start_elsewhere):
    first = start_elsewhere()
    page = open_with_runs()
    second = start_elsewhere()
    assert run_control(page.run()).value == first
    end(first)
    assert run_control(page.run()).value == second


@pytest.mark.parametrize("by", ["hand", "link"])
def test_a_run_that_was_chosen_here_stays_until_one_is_started_in_this_browser(open_with_runs, start_elsewhere, by):
    chosen = next(run.id for run in state().runs.runs() if run.name == "slow")
    page = open_with_runs(**({"run": chosen} if by == "link" else {}))
    if by == "hand":
        run_control(page).set_value(chosen).run()
    start_elsewhere()
    assert run_control(page.run()).value == chosen
    own = start_elsewhere(session=page.session_state["session"])
    assert run_control(page.run()).value == own
