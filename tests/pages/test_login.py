"""A server whose secrets ask for a login shows nothing of the app to a person who has not logged in."""

from importlib.util import find_spec

import pytest
from streamlit.testing.v1 import AppTest

from digits_core.dashboard.login import NOT_LISTED, OTHER_ISSUER, UNVERIFIED, why_refused
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


SCHOOL = "https://login.school.example"
TENANT = "https://login.microsoftonline.com/6a1b/v2.0"


def claims(email, verified=True, issuer=SCHOOL) -> dict:
    """What a provider says of a person; `None` is what it does not say."""
    said = {"email": email, "email_verified": verified, "iss": issuer}
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize(
    ("person", "allowed", "refusal"),
    [
        (claims("ada@school.example"), None, None),
        (claims("Ada@School.example"), ["ada@school.example"], None),
        (claims("ada@school.example", "true"), ["@school.example"], None),
        (claims("ada@school.example", None), ["@school.example"], UNVERIFIED),
        (claims("ada@school.example", False), ["@school.example"], UNVERIFIED),
        (claims("ada@school.example", "false"), ["@school.example"], UNVERIFIED),
        (claims("eve@notschool.example"), ["@school.example"], NOT_LISTED),
        (claims("eve@school.example.evil"), ["@school.example"], NOT_LISTED),
        (claims(None, None), ["@school.example"], NOT_LISTED),
        (claims("", True), ["@school.example"], NOT_LISTED),
        (claims("ada@school.example"), [], NOT_LISTED),
    ],
)
def test_a_list_lets_in_whom_it_names_by_a_verified_address_and_nobody_else(person, allowed, refusal):
    settings = {} if allowed is None else {"allowed": allowed}

    assert why_refused(person, settings) == refusal


@pytest.mark.parametrize(
    ("person", "issuer", "refusal"),
    [
        # What a provider for many organisations lets everyone write into an account of their own.
        (claims("ada@school.example", None, "https://login.microsoftonline.com/evil/v2.0"), TENANT, OTHER_ISSUER),
        (claims("ada@school.example", True, "https://login.microsoftonline.com/evil/v2.0"), TENANT, OTHER_ISSUER),
        (claims("ada@school.example", None, None), TENANT, OTHER_ISSUER),
        (claims("ada@school.example", None, TENANT), TENANT, None),
        (claims("ada@school.example", None, TENANT), [SCHOOL, TENANT], None),
        (claims("ada@school.example", False, TENANT), TENANT, UNVERIFIED),
        (claims("eve@elsewhere.example", None, TENANT), TENANT, NOT_LISTED),
    ],
)
def test_a_named_issuer_answers_for_its_addresses_and_keeps_out_all_others(person, issuer, refusal):
    assert why_refused(person, {"allowed": ["@school.example"], "issuer": issuer}) == refusal


def test_without_a_list_a_named_issuer_still_keeps_out_all_others():
    assert why_refused(claims("ada@school.example", None, TENANT), {"issuer": TENANT}) is None
    assert why_refused(claims("ada@school.example", True, SCHOOL), {"issuer": TENANT}) == OTHER_ISSUER
