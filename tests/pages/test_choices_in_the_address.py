"""What is chosen stays so where Streamlit ends the run, for a click that waits, before the address says it."""

from collections.abc import Callable

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from digits_core.dashboard.state import state
from tests.pages.controls import control, run_control


@pytest.fixture
def run_to_its_end_but_for_the_address(monkeypatch) -> Callable[[AppTest], None]:
    """Run a page as far as Streamlit lets it where a click waits: to the message that the address is another one."""

    def end(*_what: object) -> None:
        raise RuntimeError("the run ends for the sake of the next one")

    def run(page: AppTest) -> None:
        with monkeypatch.context() as patch:
            for method in ("update", "__setitem__"):
                patch.setattr(QueryParams, method, end)
            assert len(page.run().exception) == 1

    return run


def test_the_run_that_training_shows(trained_home, open_page, run_to_its_end_but_for_the_address):
    page = open_page("training")
    shown = run_control(page).value
    (other,) = {run.id for run in state().runs.runs()} - {shown}
    run_control(page).set_value(other)
    run_to_its_end_but_for_the_address(page)
    page.run()

    assert not page.exception
    assert run_control(page).value == other
    assert page.query_params["run"] in (other, [other])


def test_how_curves_are_smoothed(trained_home, open_page, run_to_its_end_but_for_the_address):
    page = open_page("runs", smoothing="0.5", unfolded=["curve_options"])
    control(page, "runs_smoothing").set_value(0.8)
    run_to_its_end_but_for_the_address(page)
    page.run()

    assert not page.exception
    assert control(page, "runs_smoothing").value == 0.8
    assert page.query_params["smoothing"] in ("0.8", ["0.8"])


def test_the_runs_that_read_the_same_drawing(trained_home, open_page, run_to_its_end_but_for_the_address):
    page = open_page("recognise", input="Compare")
    page.multiselect(key="readers").unselect(page.multiselect(key="readers").value[0])
    (left,) = page.multiselect(key="readers").value
    run_to_its_end_but_for_the_address(page)
    page.run()

    assert not page.exception
    assert page.multiselect(key="readers").value == [left]
    assert page.query_params["readers"] in (left, [left])
