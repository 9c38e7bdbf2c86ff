"""The one place that shows errors on a page."""

import logging
import secrets

import streamlit as st

from digits_core.errors import DigitsError

LOG = logging.getLogger(__name__)


def on_script_error(error: Exception) -> bool:
    """Show `error` instead of Streamlit's traceback; return `True`, which tells Streamlit that it is handled.

    A `DigitsError` says in its own words what was wrong and what to do. Any other error is a bug in the app: the page
    shows a reference that identifies the traceback in the log.
    """
    if isinstance(error, DigitsError):
        st.error(as_plain_text(str(error)), icon=":material/error:")
        return True
    reference = secrets.token_hex(4)
    LOG.error("reference %s", reference, exc_info=error)
    st.error(
        "Something unexpected went wrong on this page. Reload it to try again; if it happens again, "
        f"the traceback is in the app's log under the reference `{reference}`.",
        icon=":material/report:",
    )
    return True


def as_plain_text(text: str) -> str:
    """Escape Markdown's special characters in `text`, so that a file name cannot format the page."""
    return "".join(f"\\{mark}" if mark in r"\`*_{}[]()<>#+-.!|~$:" else mark for mark in text)
