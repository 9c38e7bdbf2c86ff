"""A name over its limit stays as it was typed, with what is wrong, and nothing is saved under a shorter one."""

import pytest
import torch  # noqa: F401  (pages load it in the background: here it is there, and never half of it)
from streamlit.testing.v1 import AppTest

from digits_core.dashboard.pages import PAGES
from digits_core.dashboard.state import state
from digits_core.data.handwriting_store import NOBODY_NAMED, WRITER_LENGTH
from tests.pages.conftest import SECONDS
from tests.pages.test_handwriting import button, save, saved

LONG = "x" * 130


def said(page: AppTest) -> str:
    """Everything that the page says is wrong."""
    return " ".join([each.value for each in page.error] + [each.value for each in page.caption if "red[" in each.value])


def field(page: AppTest, label: str):
    return next(each for each in page.text_input if each.label == label)


@pytest.mark.parametrize(
    ("name", "query", "label", "press", "limit"),
    [
        ("training", {}, "Name", "", 120),
        ("runs", {"runs_view": "Sweeps"}, "Name", "", 80),
        ("transforms", {}, "Name", "Save", 60),
    ],
)
def test_a_name_in_a_form_is_refused_with_its_limit_and_kept_as_typed(open_page, name, query, label, press, limit):
    page = open_page(name, unfolded=("fold_more", "fold_sweep"), **query)
    field(page, label).set_value(LONG).run()
    if press:
        button(page, press).click().run()

    assert not page.exception
    assert f"130 characters, but {limit} are the limit" in said(page).replace("\\", "")
    assert field(page, label).value == LONG


def test_a_run_keeps_its_name_where_another_is_too_long(open_page, trained_home):
    run = state().runs.runs()[0]
    page = open_page("runs", unfolded=["runs_edit"], compare=[run.id])
    field(page, "Name").set_value(LONG).run()

    assert "130 characters" in said(page)
    assert field(page, "Name").value == LONG
    assert state().runs.get(run.id).name == run.name


def open_with(way: str, **session: object) -> AppTest:
    """The Handwriting page with what was typed into lists, which a test cannot type: it is not among their options."""
    page = AppTest.from_file(PAGES["handwriting"].file, default_timeout=SECONDS)
    page.query_params["way"] = way
    for key, value in session.items():
        page.session_state[key] = value
    return page.run()


@pytest.mark.usefixtures("open_page")
def test_a_writer_whose_name_is_too_long_is_not_used_and_stays_in_the_field():
    page = open_with("Pictures", writer=LONG, handwriting_writer="Ada")

    assert not page.exception
    assert f"130 characters, but {WRITER_LENGTH} are the limit" in said(page)
    assert "what you save is Ada" in said(page)
    assert page.session_state["writer"] == LONG
    assert page.session_state["handwriting_writer"] == "Ada"


@pytest.mark.usefixtures("open_page")
def test_digits_are_not_moved_to_a_writer_whose_name_is_too_long():
    save((0, NOBODY_NAMED))
    page = open_with("Writers")
    field(page, "to").set_value(LONG).run()
    assert button(page, "Rename").disabled
    assert "130 characters" in said(page)

    page = open_with("Your digits", own_all=True, own_new_writer=LONG)
    assert button(page, "Move 1").disabled
    assert "130 characters" in said(page)
    assert saved() == [(0, NOBODY_NAMED)]
