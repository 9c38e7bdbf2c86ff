"""Imports run one way, from the settings to the pages; heavy libraries stay where they are needed."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "digits_core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])
FIRST_PAGE = "the first page"
LIGHT = (
    "digits_core.__main__",
    "digits_core.browser.model",
    "digits_core.config",
    "digits_core.dashboard.network.worked_example_view",
    "digits_core.data.catalogue",
    "digits_core.data.handwriting_store",
    "digits_core.data.readers",
    "digits_core.engine.service",
    "digits_core.dashboard.runs.one_run",
    "digits_core.evaluation.across",
    "digits_core.evaluation.robustness",
    "digits_core.recognition.many_pictures",
    "digits_core.runs.artifacts",
    "digits_core.runs.store",
    "digits_core.settings",
    "digits_core.training.recipes",
    "digits_core.training.check",
)
"""What a page needs first: none of it waits for torch."""


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def modules_imported_by(path: Path) -> Iterator[str]:
    """Absolute names; `from digits_core.runs import store` gives `digits_core.runs.store`. Annotations count too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            yield from (f"{module}.{name.name}" for name in node.names)


def libraries(path: Path) -> set[str]:
    return {module.split(".")[0] for module in modules_imported_by(path)}


def test_the_contracts_of_pyproject_on_who_may_import_whom_are_kept():
    # In a process of its own: import-linter sets up logging, and turns off every logger that there is.
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))"
    checked = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_page_imports_neither_the_app_nor_another_page():
    imported = {shown(path): libraries(path) & {"app", "pages"} for path in FILES if path.parent == ROOT / "pages"}

    assert {page: names for page, names in imported.items() if names} == {}
    assert "pages" not in libraries(ROOT / "app.py")


def loaded_by_each(statements: dict[str, str]) -> dict[str, set[str]]:
    """The top-level modules that a fresh interpreter has loaded after each of these statements, run in this order."""
    code = (
        "import json, sys; answers = {}\n"
        "for name, statement in json.load(sys.stdin).items():\n"
        "    exec(statement, {})\n"
        "    answers[name] = sorted({module.split('.')[0] for module in sys.modules})\n"
        "print(json.dumps(answers))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(statements), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name: set(modules) for name, modules in json.loads(answer.stdout.splitlines()[-1]).items()}


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    return loaded_by_each({statement: statement})[statement]


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What is loaded after the package, the first page, and each light module: what loads too much is the first of
    those that have it.
    """
    page = ast.parse((ROOT / "pages" / "data.py").read_text(encoding="utf-8")).body
    imports = "\n".join(ast.unparse(each) for each in page if isinstance(each, ast.Import | ast.ImportFrom))
    figures = [path.with_suffix("") for path in FILES if path.is_relative_to(ROOT / "digits_core" / "figures")]
    drawn = sorted(".".join(path.relative_to(ROOT).parts).removesuffix(".__init__") for path in figures)
    return loaded_by_each(
        {
            "digits_core": "import digits_core",
            FIRST_PAGE: imports,
            **{module: f"import {module}" for module in (*LIGHT, *drawn)},
        }
    )


def test_importing_the_package_imports_nothing_heavy(loaded):
    heavy = {"torch", "torchvision", "streamlit", "numpy", "pandas", "plotly", "pydantic", "distributed", "sqlite3"}

    assert loaded["digits_core"] & heavy == set()


def test_the_first_page_does_not_wait_for_pandas_or_torch(loaded):
    assert {"streamlit", "plotly"} <= loaded[FIRST_PAGE]
    assert loaded[FIRST_PAGE] & {"pandas", "torch", "distributed", "sklearn", "scipy"} == set()


def test_neither_figures_nor_what_a_page_needs_first_wait_for_torch(loaded):
    assert [name for name, modules in loaded.items() if "torch" in modules] == []
