"""Rules that hold for the controls of all pages."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FILES = [*(ROOT / "pages").glob("*.py"), *(ROOT / "digits_core" / "dashboard").rglob("*.py")]
FOLDS = ("st.expander", "st.tabs")


def test_each_control_in_the_url_keeps_its_value_until_the_browser_has_loaded_it() -> None:
    """Streamlit sends a value that code has set once, unless it persists: a browser that was still loading the control
    when the page ran again would show the control's default, and send that back.
    """
    in_url = [(path, call) for path in FILES for call in _calls(path) if "bind" in _named(call)]
    forgetful = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in in_url
        if ast.unparse(call.func) not in FOLDS and _named(call).get("persist_state") != "'session'"
    ]

    assert len(in_url) > 40
    assert forgetful == []


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def _named(call: ast.Call) -> dict[str, str]:
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg}
