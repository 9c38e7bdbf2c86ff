"""Docstrings of functions say in the imperative what the caller gets, as PyTorch's and scikit-learn's do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "digits_core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])
NOT_IMPERATIVE = re.compile(
    # How a noun phrase, a subordinate clause or a reference to something above begins; then, verbs that describe.
    r"`?(a|all|an|another|any|as|at|both|by|each|every|everyone|everything|for|from|here|how|if|in|it|its|most|nothing|of|"
    r"on|one|only|others|several|so|some|still|that|the|their|then|there|these|they|this|those|to|two|until|up|what|when|"
    r"where|whether|which|while|who|whoever|why|with|"
    r"adds|asks|computes|creates|draws|gives|keeps|makes|puts|raises|reads|returns|says|sets|shows|takes|writes|yields)\b",
    re.IGNORECASE,
)


def functions_with_docstrings(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Yield each function that is not a property, with its docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
            decorators = {ast.unparse(each).split(".")[-1] for each in node.decorator_list}
            if not decorators & {"property", "cached_property"}:
                yield node, text


def test_a_functions_docstring_begins_with_a_verb_in_the_imperative():
    wrong = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}: {text.splitlines()[0]}"
        for path in FILES
        for node, text in functions_with_docstrings(path)
        if NOT_IMPERATIVE.match(text)
    ]

    assert wrong == []
