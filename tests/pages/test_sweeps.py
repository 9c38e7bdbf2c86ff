"""The Sweeps view of the Runs page."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from digits_core.dashboard import state as state_module
from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.state import state
from digits_core.database import Database
from digits_core.home import Home
from digits_core.runs.process_owner import this_process
from digits_core.runs.store import RunStore
from digits_core.runs.sweep_store import SweepStore
from digits_core.training.events import Finished
from digits_core.training.ready_sweeps import READY
from digits_core.training.sweep_plan import SweepPlan, config_of, grid, parse_varied
from tests.pages.conftest import SECONDS
from tests.pages.controls import control, session_key


def view():
    from digits_core.dashboard.runs.sweeps_view import show_sweeps

    show_sweeps()


@pytest.fixture
def open_view(home):
    """Show the view on a home, with what its URL says."""

    def run(**query: str) -> AppTest:
        shown = AppTest.from_function(view, default_timeout=SECONDS)
        shown.session_state["fold_sweep"] = True
        for key, value in query.items():
            shown.query_params[key] = value
        return shown.run()

    yield run
    state_module.stop()
    st.cache_resource.clear()


def texts(shown: AppTest) -> str:
    return "\n".join(element.value for element in [*shown.markdown, *shown.info, *shown.error, *shown.caption])


def sweep_in(home, *varied: str, owner: str = "", **fields):
    """A sweep as another app has left it, with no trial yet."""
    plan = SweepPlan(varied=[parse_varied(text) for text in varied], **fields)
    return SweepStore(Database(Home(home).create().database)).create(plan, owner or f"{machine()}:1:0.00")


def machine() -> str:
    return this_process().split(":")[0]


def test_without_a_sweep_the_view_says_what_to_do(open_view):
    shown = open_view()

    assert not shown.exception
    assert "No sweep yet" in texts(shown)


@pytest.mark.parametrize("name", READY)
def test_one_click_fills_the_form_with_a_ready_made_sweep(open_view, name):
    shown = open_view()
    shown.pills("ready").set_value(name).run()

    assert_filled(shown, name)


def test_a_link_fills_the_form_with_a_ready_made_sweep_which_is_changed_afterwards(open_view):
    shown = open_view(ready="Optimizers compared")
    assert_filled(shown, "Optimizers compared")

    control(shown, "sweep_seeds").set_value(2).run()
    assert f"{2 * READY['Optimizers compared'].plan.size} runs" in texts(shown)


def assert_filled(shown, name: str) -> None:
    """The form says what the ready-made sweep of that name says."""
    assert not shown.exception
    assert READY[name].lesson in texts(shown)
    assert control(shown, "sweep_name").value == name
    assert control(shown, "sweep_fields").value == list(READY[name].plan.fields)
    assert f"{READY[name].plan.size} runs" in texts(shown)
    on = READY[name].plan.base.data.train
    assert shown.session_state[session_key(shown, "sweep_base")] == (
        "recipe:Lecture" if on == ("optdigits",) else f"data:{on[0]}"
    )


def test_the_size_is_shown_before_the_start(open_view):
    shown = open_view()
    control(shown, "sweep_fields").set_value(["batch_size", "optimizer"]).run()
    control(shown, "sweep_over_optimizer").set_value(["adam", "sgd"]).run()
    control(shown, "sweep_seeds").set_value(2).run()

    assert "**12 runs** (6 settings × 2 seeds)" in texts(shown)


def test_an_earlier_run_gives_the_base_and_an_estimate_of_the_time(open_view, trained_home):
    shown = open_view()
    run = state().runs.runs()[0]
    control(shown, "sweep_fields").set_value(["dropout"]).run()
    control(shown, "sweep_base").set_value(f"run:{run.id}").run()

    assert control(shown, "sweep_epochs").value == 1
    assert "about **" in texts(shown)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ("0.1, soon", "'soon'"),
        ("1..0.5", "lower bound must be below"),
        ("", "needs either values"),
        ("0..1", "greater than 0"),
    ],
)
def test_what_cannot_be_is_said_and_cannot_be_started(open_view, values, complaint):
    shown = open_view()
    control(shown, "sweep_over_learning_rate").set_value(values).run()

    assert not shown.exception
    assert complaint in texts(shown)
    assert shown.button("sweep_start").disabled


def test_a_batch_larger_than_the_data_is_refused_and_nothing_is_written(open_view):
    shown = open_view()
    control(shown, "sweep_fields").set_value(["batch_size"]).run()
    control(shown, "sweep_over_batch_size").set_value("64, 4000").run()
    shown.button("sweep_start").click().run()

    assert "The batch size 4000 is larger" in texts(shown)
    assert state().sweeps.sweeps() == []


def test_a_sweep_of_an_app_that_is_gone_shows_as_interrupted_and_can_be_continued(open_view, home):
    sweep = sweep_in(home, "learning_rate=0.001,0.01")
    shown = open_view()

    assert not shown.exception
    assert state().sweeps.get(sweep.id).status == "interrupted"
    assert shown.button(f"sweep_pause_{sweep.id}").label == "Continue"
    assert shown.button(f"sweep_stop_{sweep.id}").disabled


def test_the_url_says_which_sweep_is_shown(open_view, home):
    first = sweep_in(home, "learning_rate=0.001,0.01")
    sweep_in(home, "batch_size=16,64")

    assert open_view(sweep=first.id).selectbox("sweep").value == first.id


def test_a_deleted_sweep_can_be_had_back(open_view, home):
    sweep = sweep_in(home, "learning_rate=0.001,0.01")
    shown = open_view()
    shown.button(f"sweep_delete_{sweep.id}").click().run()
    assert state().sweeps.sweeps() == []
    shown.button("undo_sweep").click().run()

    assert not shown.exception
    assert [each.id for each in state().sweeps.sweeps()] == [sweep.id]


def test_the_best_of_a_sweep_are_compared_by_one_click(open_view, home):
    sweep = sweep_in(home, "learning_rate=0.001,0.01")
    store = RunStore(Database(Home(home).database))
    ids = []
    for accuracy, settings in zip((0.5, 0.9), grid(sweep.plan), strict=True):
        ids.append(store.create(config_of(sweep.plan, settings, 0), this_process(), sweep=sweep.id).id)
        store.apply(ids[-1], Finished("finished", 1, 0.3, accuracy, 1.0))

    page = AppTest.from_file(PAGES["runs"].file, default_timeout=SECONDS)
    page.query_params["runs_view"] = "Sweeps"
    page.run().button("compare_best").click().run()
    assert not page.exception
    assert page.query_params["compare"] == ids[::-1]
    assert page.session_state["runs_view"] == "Compare"


def test_three_settings_let_the_person_choose_what_is_drawn(open_view, home):
    sweep = sweep_in(home, "learning_rate=0.001,0.01", "batch_size=16,64", "nesterov=true,false")
    shown = open_view()
    shown.selectbox(f"sweep_up_{sweep.id}").set_value("batch_size").run()

    assert not shown.exception


def test_networks_that_differ_in_one_layer_are_added_and_a_wrong_value_adds_none(open_view):
    shown = open_view(ready="How wide?")
    shown.selectbox("sweep_layer_name").set_value("conv1").run()
    shown.selectbox("sweep_layer_field").set_value("channels").run()
    before = len(control(shown, "sweep_over_layers").value)
    for values, added in (("4, 900", 0), ("4, 8", 2)):
        shown.text_input("sweep_layer_values").set_value(values).run()
        next(button for button in shown.button if button.label == "Add these networks").click().run()
        assert not shown.exception
        assert bool(shown.error) == (not added)
        assert len(control(shown, "sweep_over_layers").value) == before + added
    assert f"{3 * (before + 2)} runs" in texts(shown)
