"""Keys are done in the order in which they were pressed, each once; what no page asks for does nothing."""

import json

import pytest
from streamlit.testing.v1 import AppTest


def page(logs: str) -> None:
    """Hear of these logs one after another, and show what was done."""
    import json

    import streamlit as st

    from digits_core.dashboard.key_log import catch_up

    done: list[str] = []
    actions = {key: lambda key=key: done.append(key) for key in ("7", "Enter")}
    for log in json.loads(logs):
        st.session_state["keys"] = {"pressed": log}
        catch_up("keys", actions)
    st.text(" ".join(done))


def done(*logs: object) -> str:
    app = AppTest.from_function(page, args=(json.dumps(logs),)).run()
    assert not app.exception
    return app.text[0].value


@pytest.mark.parametrize("keys", [("7", "Enter"), ("Enter", "7"), ("7", "7", "Enter", "7")])
def test_all_that_arrives_at_once_is_done_in_its_order(keys):
    assert done([[10 + place, key] for place, key in enumerate(keys)]) == " ".join(keys)


def test_what_is_sent_again_is_done_once():
    assert done([[1, "7"]], [[1, "7"], [2, "Enter"]], [[2, "Enter"]]) == "7 Enter"


@pytest.mark.parametrize("log", [None, 7, "7", [7], [["7", 7]], [[1, "Delete"]], [[1, "7", 7]], [{"key": "7"}], [[]]])
def test_what_no_page_asked_for_does_nothing(log):
    assert done(log, [[5, "7"]]) == "7"
