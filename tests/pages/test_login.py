"""A server whose secrets ask for a login shows nothing of the app to a person who has not logged in."""

from importlib.util import find_spec

import pytest
from streamlit.testing.v1 import AppTest

from digits_core.dashboard.login import is_allowed
from digits_core.dashboard.pages import FOLDER

NAVIGATION = FOLDER.parent / "digits_core" / "dashboard" / "navigation.py"


def test_without_secrets_the_pages_are_open(home):
    app = AppTest.from_file(str(NAVIGATION), default_timeout=60).run()

    assert not app.exception
    assert [title.value for title in app.title] == ["Data"]


def test_where_a_login_is_asked_for_nothing_else_is_shown(home):
    app = AppTest.from_file(str(NAVIGATION), default_timeout=60)
    app.secrets["auth"] = {"client_id": "digits"}
    app.run()

    assert not app.exception
    assert [title.value for title in app.title] in (["Digits Lab"], [])
    assert not app.metric
    if find_spec("authlib"):
        assert [button.label for button in app.button] == ["Log in"]
    else:
        assert "streamlit[auth]" in app.error[0].value


@pytest.mark.parametrize(
    ("email", "verified", "allowed", "may"),
    [
        ("ada@school.example", True, None, True),
        ("ada@school.example", None, ["@school.example"], True),
        ("Ada@School.example", True, ["ada@school.example"], True),
        ("ada@school.example", False, ["@school.example"], False),
        ("eve@notschool.example", True, ["@school.example"], False),
        ("eve@school.example.evil", True, ["@school.example"], False),
        (None, None, ["@school.example"], False),
        ("ada@school.example", True, [], False),
    ],
)
def test_a_list_lets_in_whom_it_names_and_nobody_else(email, verified, allowed, may):
    assert is_allowed(email, verified, allowed) is may
