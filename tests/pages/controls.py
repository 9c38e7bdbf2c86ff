"""Controls of a page that the code sets, too: their keys are other ones after that."""

import re
from typing import Any

from streamlit.testing.v1 import AppTest

KINDS = ("checkbox", "multiselect", "number_input", "selectbox", "slider", "text_input")


def controls(page: AppTest, name: str) -> list[Any]:
    """Those that the code calls `name`: one, or none where it is not drawn."""
    return [each for kind in KINDS for each in page.get(kind) if re.fullmatch(rf"{name}_\d+", each.key or "")]


def control(page: AppTest, name: str) -> Any:
    """The control that the code calls `name`."""
    (found,) = controls(page, name)
    return found


def session_key(page: AppTest, name: str) -> str:
    """Where the session has the value of the control called `name`, whether or not the code sets it, too."""
    times = f"{name}_times_set"
    return f"{name}_{page.session_state[times]}" if times in page.session_state else name


def run_control(page: AppTest) -> Any:
    """The list of runs of which the page shows one."""
    return control(page, "run")


def setting(page: AppTest, field: str) -> Any:
    """The control of the training form for a field."""
    return control(page, f"training_{field}")
