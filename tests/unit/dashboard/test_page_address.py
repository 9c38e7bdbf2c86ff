"""An address that the browser names late undoes nothing; one that it means is followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from digits_core.dashboard import page_address
from digits_core.dashboard.page_address import LATE_S, Addresses

ADDRESSES = some.dictionaries(some.sampled_from("abc"), some.lists(some.sampled_from(["", "1", "2"]), min_size=1))


def page(name: str) -> None:
    """A page with buttons that lead to its steps and a field that it writes into the address, which it shows."""
    import streamlit as st

    from digits_core.dashboard import page_address

    def go(step: str) -> None:
        with page_address.changed():
            st.query_params["step"] = step

    st.button("on", on_click=go, args=("2",))
    st.button("back", on_click=go, args=("1",))
    with page_address.newest_address(name):
        if typed := st.text_input("typed"):
            page_address.write({"typed": [typed]}, lambda parameter: parameter == "typed", "noted")
        st.text(st.query_params.get("step", "none"))
        st.text(st.query_params.get("typed", "none"))


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_function(page, args=("training",))
    app.query_params["step"] = "1"
    return app.run()


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [text.value for text in app.text]


def test_an_address_that_a_button_replaced_does_not_come_back(app):
    app.button[0].click().run()
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["2", "none"]
    assert app.query_params["step"] == "2"


def test_an_address_that_the_page_replaced_does_not_come_back(app):
    app.text_input[0].set_value("8").run()
    del app.query_params["typed"]
    app.text_input[0].set_value("")
    app.run()

    assert shown(app) == ["1", "8"]


def test_a_button_that_is_pressed_before_the_browser_knows_leaves_the_rest_as_it_was_written(app):
    app.text_input[0].set_value("8").run()
    del app.query_params["typed"]
    app.text_input[0].set_value("")
    app.button[0].click().run()

    assert shown(app) == ["2", "8"]


def test_a_button_that_leads_back_to_an_address_is_followed(app):
    app.button[0].click().run()
    app.button[1].click().run()

    assert shown(app) == ["1", "none"]


def test_whoever_names_it_later_means_it(app, monkeypatch):
    app.button[0].click().run()
    monkeypatch.setattr(page_address, "LATE_S", 0.0)
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["1", "none"]


def test_a_link_that_is_meant_is_followed_at_once_and_the_address_before_it_is_late(app):
    app.button[0].click().run()
    app.query_params["step"] = "1"
    app.query_params["meant"] = "1"
    app.run()
    assert shown(app) == ["1", "none"]
    assert "meant" not in app.query_params

    app.query_params["step"] = "2"
    app.run()
    assert shown(app) == ["1", "none"]


def test_an_address_that_is_another_as_a_whole_is_followed_at_once(app):
    app.button[0].click().run()
    app.query_params["step"] = "1"
    app.query_params["typed"] = "4"
    app.run()

    assert shown(app) == ["1", "4"]


def test_an_address_that_another_page_replaced_is_followed_at_once(app):
    app.button[0].click().run()
    app.args = ("network",)
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["1", "none"]


def test_who_goes_back_in_the_history_is_followed_at_once(app, monkeypatch):
    app.button[0].click().run()

    def gone_back():
        ctx = get_script_run_ctx()
        ctx.is_history_navigation = True
        return ctx

    monkeypatch.setattr(page_address, "get_script_run_ctx", gone_back)
    app.query_params["step"] = "1"
    app.run()

    assert shown(app) == ["1", "none"]


def test_what_a_widget_keeps_in_the_address_is_the_browsers_own():
    def script() -> None:
        import streamlit as st

        from digits_core.dashboard import page_address

        with page_address.newest_address("training"):
            st.selectbox("view", ["all", "one"], key="view", bind="query-params")
            if typed := st.text_input("typed"):
                page_address.write({"typed": [typed]}, lambda parameter: parameter == "typed", "noted")
        st.text(st.query_params.get("typed", "none"))

    app = AppTest.from_function(script)
    app.query_params["view"] = "one"
    app.run()
    app.text_input[0].set_value("8").run()
    del app.query_params["view"]  # what the browser does by itself
    app.selectbox[0].set_value("all").run()
    del app.query_params["typed"]
    app.query_params["view"] = "one"
    app.text_input[0].set_value("")
    app.run()

    assert shown(app) == ["none"]


@given(ADDRESSES, ADDRESSES)
def test_what_a_link_named_may_be_named_again(linked, written):
    known = Addresses("training", written=written)
    known.note(linked, written, 0.0)

    assert known.is_late(linked, 0.0) is False


@given(ADDRESSES, ADDRESSES)
def test_an_address_is_late_until_the_time_is_over(first, second):
    known = Addresses("training", written=first)
    known.note(first, second, 0.0)

    assert known.is_late(first, LATE_S / 2) is (first != second)
    assert known.is_late(first, LATE_S) is False


def test_what_a_run_has_written_is_known_before_it_has_ended():
    """Streamlit may begin the next one beside it, with the address that the browser named before."""

    def script() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from digits_core.dashboard import page_address

        with page_address.newest_address("training"):
            page_address.write({"typed": ["8"]}, "typed".__eq__, "noted")
            # As `reset` does when a run begins.
            get_script_run_ctx().query_string = "step=1"
            del get_script_run_ctx().session_state._state.query_params._query_params["typed"]
            with page_address.changed():
                st.text(str(page_address.said(lambda name: True)))

    app = AppTest.from_function(script)
    app.query_params["step"] = "1"
    app.session_state["known_addresses"] = Addresses("training", written={"step": ["1"]})
    app.run()

    assert shown(app) == [str({"step": ["1"], "typed": ["8"]})]


def test_a_run_that_writes_after_the_next_one_has_begun_gives_it_no_new_address(monkeypatch):
    """It was told to stop, and had to wait for its turn before it could note what it had written."""

    def script() -> None:
        from contextvars import copy_context

        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from digits_core.dashboard import page_address

        with page_address.newest_address("training"):
            overtaken, ctx = copy_context(), get_script_run_ctx()
            known = st.session_state["known_addresses"]
            with page_address.changed():
                overtaken.run(page_address.write, {"typed": ["8"]}, "typed".__eq__, "noted")
                ctx.query_string = "step=1"
                st.text(str(page_address.is_new("typed".__eq__, "noted")))
                st.text(str(known.is_late({"step": ["1"], "typed": ["8"]}, 0.0)))

    send = page_address._send

    def send_and_begin_the_next(before: page_address.Address, after: page_address.Address) -> None:
        send(before, after)
        # As `reset` does when a run begins.
        get_script_run_ctx().session_state._state.query_params._query_params.pop("typed", None)

    monkeypatch.setattr(page_address, "_send", send_and_begin_the_next)
    app = AppTest.from_function(script)
    app.query_params["step"] = "1"
    app.session_state["known_addresses"] = Addresses("training", written={"step": ["1"]})
    app.run()

    assert shown(app) == ["False", "True"]


def test_a_query_takes_the_place_of_what_is_ours_and_of_nothing_else():
    def script() -> None:
        from digits_core.dashboard import page_address

        page_address.write(
            {"epochs": ["4"], "train": ["a", "b"]}, lambda name: name in ("epochs", "train", "name"), "noted"
        )

    app = AppTest.from_function(script)
    app.query_params["lesson"] = "1"
    app.query_params["name"] = "gone"
    app.query_params["epochs"] = "12"
    app.run()

    assert not app.exception
    assert dict(app.query_params) == {"lesson": "1", "epochs": "4", "train": ["a", "b"]}


def test_a_run_that_ends_at_the_first_message_has_written_the_whole_address(monkeypatch):
    def script() -> None:
        import streamlit as st

        from digits_core.dashboard import page_address

        page_address.write({"epochs": ["4"]}, lambda name: name in ("epochs", "name", "train"), "noted")
        st.text("not reached")

    send, ends = QueryParams._send_query_param_msg, iter([True])

    def send_and_end(params: QueryParams) -> None:
        send(params)
        if next(ends, False):  # as Streamlit does where a click waits
            raise RuntimeError("the run ends for the sake of the next one")

    monkeypatch.setattr(QueryParams, "_send_query_param_msg", send_and_end)
    app = AppTest.from_function(script)
    for name in ("lesson", "name", "train"):
        app.query_params[name] = "1"
    app.run()

    assert len(app.exception) == 1
    assert not app.text
    assert dict(app.query_params) == {"lesson": "1", "epochs": "4"}


@pytest.mark.parametrize("reaches_the_address", [True, False])
def test_an_address_that_a_run_was_ended_at_is_no_new_one(monkeypatch, reaches_the_address):
    def script() -> None:
        import streamlit as st

        from digits_core.dashboard import page_address

        st.text(str(page_address.is_new("epochs".__eq__, "noted")))
        page_address.write({"epochs": ["4"]}, "epochs".__eq__, "noted")

    app = AppTest.from_function(script)
    app.query_params["epochs"] = "3"
    app.session_state["noted"] = {"epochs": ["3"]}
    update = QueryParams.update

    def update_and_end(params: QueryParams, *what) -> None:
        if reaches_the_address:
            update(params, *what)
        raise RuntimeError("the run ends for the sake of the next one")

    with monkeypatch.context() as patch:
        patch.setattr(QueryParams, "update", update_and_end)
        assert len(app.run().exception) == 1
    app.run()

    assert shown(app) == ["False"]
    assert app.query_params["epochs"] == "4"
