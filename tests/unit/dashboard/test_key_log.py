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


def pressed(seq: int, key: object) -> dict[str, object]:
    return {"seq": seq, "key": key}


@pytest.mark.parametrize("keys", [("7", "Enter"), ("Enter", "7"), ("7", "7", "Enter", "7")])
def test_all_that_arrives_at_once_is_done_in_its_order(keys):
    assert done([pressed(10 + place, key) for place, key in enumerate(keys)]) == " ".join(keys)


def test_what_is_sent_again_is_done_once():
    seven, enter = pressed(1, "7"), pressed(2, "Enter")
    assert done([seven], [seven, enter], [enter]) == "7 Enter"


@pytest.mark.parametrize("log", [None, [pressed(1, 7.5)], [pressed(1, "Delete")], [{"seq": 1}], [pressed(1, ["7"])]])
def test_what_no_page_asked_for_does_nothing(log):
    assert done(log, [pressed(5, "7")]) == "7"
