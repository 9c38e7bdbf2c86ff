"""A login before the pages, if the server's secrets require one: Streamlit's own, by OpenID Connect."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import streamlit as st

SETTINGS = "digits_lab"
"""The table in `secrets.toml` that lists who may log in: see `why_refused`."""

NOT_LISTED = "You are logged in, but this server does not list you. Ask the person who runs it to add you."
UNVERIFIED = (
    "You are logged in, but your provider does not confirm that your e-mail address belongs to you. Verify the address "
    "with your provider and log in again, or ask the person who runs this server to name the provider as issuer."
)
OTHER_ISSUER = (
    "You are logged in with an account of another organisation. Log out, then log in with an account of the "
    "organisation that runs this server."
)


def require_login() -> None:
    """Stop the page unless a permitted person has logged in; without `[auth]` in the secrets, do nothing."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets:
        return
    if find_spec("authlib") is None:
        st.error("This server asks for a login, and cannot offer one: `pip install streamlit[auth]`, then restart it.")
        st.stop()
    if not st.user.is_logged_in:
        st.title("Digits Lab")
        st.write("This server asks who you are.")
        st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    if refusal := why_refused(st.user, st.secrets.get(SETTINGS, {})):
        st.error(refusal, icon=":material/lock:")
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
        st.stop()
    st.sidebar.button("Log out", icon=":material/logout:", on_click=st.logout)


def login_name() -> str | None:
    """Return the e-mail address of the person who has logged in, else their name; `None` if there is no login."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets or not st.user.is_logged_in:
        return None
    name = st.user.get("email") or st.user.get("name") or st.user.get("sub")
    return None if name is None else str(name)


def why_refused(claims: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    """Return why a person may not use the app, as a message for that person; `None` if they may.

    claims: what the provider says about the person (`email`, `email_verified`, `iss`: OpenID Connect Core 1.0, section
    5.1). settings: `allowed` lists addresses, or `@` and a domain for all of it; `issuer` is the one provider, or a
    list of them, as in `iss`, whose addresses count without being verified. Without `allowed`, everybody whom the
    provider, or this issuer, lets log in may use the app.

    An unverified address proves nothing: if a provider lets anyone open an account with any address, anyone could claim
    one that is on the list.
    """
    issuers = settings.get("issuer", ())
    issuers = (issuers,) if isinstance(issuers, str) else tuple(issuers)
    if issuers and claims.get("iss") not in issuers:
        return OTHER_ISSUER
    allowed = settings.get("allowed")
    if allowed is None:
        return None
    if not _is_listed(claims.get("email"), allowed):
        return NOT_LISTED
    verified = claims.get("email_verified")
    # Some providers send the claim as text; "false" counts even if the provider is trusted.
    if str(verified).casefold() == "true" or (verified is None and issuers):
        return None
    return UNVERIFIED


def _is_listed(email: str | None, allowed: list[str]) -> bool:
    address = (email or "").casefold()
    return any(
        address.endswith(each.casefold()) if each.startswith("@") else address == each.casefold()
        for each in allowed
        if address
    )
