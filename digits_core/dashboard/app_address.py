"""Where the app is served: at the root of its host, or under a base path."""

from pathlib import Path

import streamlit as st

APP_ADDRESS = (Path(__file__).parent / "app_address.js").read_text(encoding="utf-8")


def with_app_address(script: str) -> str:
    """Return a module's script with the function `appAddress` of `app_address.js`, which maps a path in the app to its
    URL.
    """
    return APP_ADDRESS + script


def served_at(path: str) -> str:
    """Return the URL path of a path in the app: under `server.baseUrlPath`, if that is set."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
