"""Errors on a page are for the person who sees it."""

import logging

import pytest
from streamlit.testing.v1 import AppTest


def refuse() -> None:
    from digits_core.dashboard.error_messages import on_script_error
    from digits_core.errors import DatasetError

    on_script_error(DatasetError("No dataset is called <b>seven*7*</b>. Choose one of the list."))


def break_down() -> None:
    from digits_core.dashboard.error_messages import on_script_error

    on_script_error(ZeroDivisionError("secret detail"))


def shown_by(script: object) -> str:
    """The text of the one error that the page made of `script` shows."""
    (error,) = AppTest.from_function(script, default_timeout=30).run().error
    return error.value


def test_an_error_of_ours_shows_its_own_words_and_formats_nothing() -> None:
    text = shown_by(refuse)

    assert text.replace("\\", "") == "No dataset is called <b>seven*7*</b>. Choose one of the list."
    assert r"\<b\>seven\*7\*" in text


def test_any_other_error_shows_a_reference_that_finds_it_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "digits_core"):
        text = shown_by(break_down)

    (record,) = [record for record in caplog.records if record.name == "digits_core.dashboard.error_messages"]
    assert record.exc_info[0] is ZeroDivisionError
    assert record.args[0] in text
    assert "secret" not in text
