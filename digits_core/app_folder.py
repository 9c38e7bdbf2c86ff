"""Where the app lies: beside this package in a checkout, inside it where it was installed as a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSIDE = _PACKAGE / "app"

INSTALLED = _INSIDE.is_dir()
APP_FOLDER = _INSIDE if INSTALLED else _PACKAGE.parent
"""Holds `app.py`, `pages` and `.streamlit`."""
