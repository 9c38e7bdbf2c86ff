"""Where the app is: next to this package in a checkout, inside it if installed from a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSIDE = _PACKAGE / "app"

INSTALLED = _INSIDE.is_dir()
APP_FOLDER = _INSIDE if INSTALLED else _PACKAGE.parent
"""Contains `app.py`, `pages` and `.streamlit`."""
