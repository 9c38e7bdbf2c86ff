"""The buttons with which runs are exported."""

from streamlit.testing.v1 import AppTest

from digits_core.dashboard.state import state
from tests.pages.conftest import SECONDS


def offer() -> None:
    import streamlit as st

    from digits_core.dashboard.runs.export_view import offer_comparison, offer_run
    from digits_core.dashboard.state import state

    runs = state().runs.runs()
    for run in runs[:1]:
        offer_run(run)
    offer_comparison(runs)
    st.write("end")


def buttons(home) -> dict:
    page = AppTest.from_function(offer, default_timeout=SECONDS).run()
    assert not page.exception
    return {button.proto.label: button.proto for button in page.get("download_button")}


def test_a_finished_run_is_offered_in_every_form(open_page, trained_home):
    offered = buttons(trained_home)

    assert list(offered) == [
        "PyTorch script",
        "Notebook (.ipynb)",
        "Web page",
        "Weights",
        "ONNX",
        "CSV",
        "JSON",
        "TensorBoard",
        "Runs as CSV",
        "Epochs as CSV",
    ]
    assert not any(proto.disabled for proto in offered.values())
    assert all(proto.help for proto in offered.values())


def test_what_cannot_be_had_yet_is_disabled_and_says_why(open_page, home):
    from digits_core.config import RunConfig

    state().runs.create(RunConfig(name="waits"), "test:1:1")
    offered = buttons(home)

    assert [label for label, proto in offered.items() if proto.disabled] == [
        "PyTorch script",
        "Notebook (.ipynb)",
        "Web page",
        "Weights",
        "ONNX",
        "CSV",
        "TensorBoard",
    ]
    assert "still trains" in offered["PyTorch script"].help


def test_without_runs_nothing_is_offered(open_page, home):
    assert buttons(home) == {}


def test_a_dataset_that_cannot_be_had_any_more_disables_the_script_and_the_notebook_alone(
    open_page, trained_home, monkeypatch
):
    from digits_core.data.catalogue import Catalogue

    monkeypatch.setattr(Catalogue, "problem", lambda self, name: "Its file is not on disk any more.")
    offered = buttons(trained_home)

    assert [label for label, proto in offered.items() if proto.disabled] == ["PyTorch script", "Notebook (.ipynb)"]
    assert "not on disk any more" in offered["PyTorch script"].help
