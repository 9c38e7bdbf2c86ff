"""An address that the browser names late undoes nothing; one that it means is followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from digits_core.dashboard import late_address
from digits_core.dashboard.late_address import LATE_S, newest_of

QUERIES = some.dictionaries(some.sampled_from("abc"), some.lists(some.sampled_from(["", "1", "2"]), min_size=1))


def page() -> None:
    """A page with a step in its address that buttons change, and another parameter that it only shows."""
    import streamlit as st

    st.button("next", on_click=lambda: st.query_params.update(step="2"))
    st.button("out", on_click=lambda: st.query_params.pop("step"))
    st.text(st.query_params.get("step", "none"))
    st.text(st.query_params.get("other", "none"))


@pytest.fixture
def app(monkeypatch) -> AppTest:
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", late_address.send)
    monkeypatch.setattr(ScriptRunContext, "reset", late_address.reset)
    app = AppTest.from_function(page)
    app.query_params["step"] = "1"
    return app.run()


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [text.value for text in app.text]


def test_an_address_that_was_just_replaced_is_that_of_a_browser_which_does_not_know_yet(app):
    app.button[0].click().run()
    app.query_params["step"] = "1"
    app.query_params["other"] = "new"
    app.run()

    assert shown(app) == ["2", "new"]


def test_a_parameter_that_was_just_taken_out_does_not_come_back(app):
    app.button[1].click().run()
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["none", "none"]


def test_whoever_names_it_later_means_it(app, monkeypatch):
    app.button[0].click().run()
    monkeypatch.setattr(late_address, "LATE_S", 0.0)
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["1", "none"]


def test_another_address_is_followed_at_once(app):
    app.button[0].click().run()
    app.query_params["step"] = "3"
    app.run()

    assert shown(app) == ["3", "none"]


@given(QUERIES, QUERIES)
def test_where_nothing_was_replaced_the_browser_is_right(named, now):
    assert newest_of(named, now, {}, 0.0) == named


@given(QUERIES, QUERIES)
def test_where_all_was_just_replaced_the_page_is_right(named, now):
    left = {(name, tuple(named.get(name, ()))): 0.0 for name in "abc"}

    assert newest_of(named, now, left, LATE_S / 2) == now
    assert newest_of(named, now, left, LATE_S) == named
