"""Edits of the cards are done in their order, each once, whatever a browser sends beside them."""

import json

import pytest
from streamlit.testing.v1 import AppTest


def page(logs: str) -> None:
    """Hear of these logs one after another, and show the places of the edits that were done."""
    import json

    import streamlit as st

    from digits_core.dashboard.network.layer_cards import not_yet_done

    st.text(" ".join(str(edit["place"]) for log in json.loads(logs) for edit in not_yet_done(log)))


def done(*logs: object) -> str:
    app = AppTest.from_function(page, args=(json.dumps(logs),)).run()
    assert not app.exception
    return app.text[0].value


def edit(number: int, place: int) -> dict[str, object]:
    return {"number": number, "what": "remove", "place": place}


def test_all_that_arrives_at_once_is_done_in_its_order_and_what_is_sent_again_once():
    assert done([edit(5, 2), edit(6, 0)], [edit(5, 2), edit(6, 0), edit(7, 1)], [edit(7, 1)]) == "2 0 1"


@pytest.mark.parametrize(
    "log", [None, 7, "edits", [7], [[]], [{}], [{"number": "9", "what": "remove", "place": 0}], [{"number": 9}]]
)
def test_what_no_card_sends_does_nothing(log):
    assert done(log, [edit(5, 2)]) == "2"
