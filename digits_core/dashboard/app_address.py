"""Where the app is served: at the root of its address, or below a path of its own."""

from pathlib import Path

import streamlit as st

APP_ADDRESS = (Path(__file__).parent / "app_address.js").read_text(encoding="utf-8")


def with_app_address(script: str) -> str:
    """Return a module's script with the function `appAddress` of `app_address.js`: a path in the app → its address."""
    return APP_ADDRESS + script


def served_at(path: str) -> str:
    """Return where the server has a path in the app: below `server.baseUrlPath`, if that is set."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
