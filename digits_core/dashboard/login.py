"""A login before the pages, where the server's secrets ask for one: Streamlit's own, by OpenID Connect."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

SETTINGS = "digits_lab"
"""The table in `secrets.toml` whose `allowed` lists who may come in: addresses, or `@` and a domain for all of it."""


def require_login() -> None:
    """Show nothing of the app to a person who has not logged in; without `[auth]` in the secrets, do nothing."""
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
    if not is_allowed(st.user.get("email"), st.user.get("email_verified"), st.secrets.get(SETTINGS, {}).get("allowed")):
        st.error("You are logged in, and not on the list of those who may use this server. Ask the person who runs it.")
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
        st.stop()
    st.sidebar.button("Log out", icon=":material/logout:", on_click=st.logout)


def is_allowed(email: str | None, verified: bool | None, allowed: list[str] | None) -> bool:
    """Whether this address may come in; without a list, everybody whom the provider lets log in may."""
    if allowed is None:
        return True
    if not email or verified is False:
        return False
    address = email.casefold()
    return any(
        address.endswith(each.casefold()) if each.startswith("@") else address == each.casefold() for each in allowed
    )
