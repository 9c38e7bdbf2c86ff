"""Imports run one way, from the settings to the pages; heavy libraries stay where they are needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOW = ("config", "data", "transforms", "network", "training", "runs", "engine", "recognition", "evaluation",
        "shell", "dashboard", "pages", "app")  # fmt: skip
GROUND = ("errors", "home", "entries", "config", "settings", "migrations", "database")
"""Below the flow, each only on those before it."""
ORDER = {name: place for place, name in enumerate((*GROUND, *FLOW[1:]))}
SHELL = (ROOT / "digits_core" / "__main__.py", *(ROOT / "digits_core" / "shell").glob("*.py"))

FILES = sorted([*(ROOT / "digits_core").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def part_of(path: Path) -> str:
    """The part of the house that a file belongs to: `data`, `figures`, `pages`, `app`; "" for the package itself."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    name = inside[1] if inside[0] == "digits_core" else inside[0]
    return "" if name in ("__init__", "__main__") else name


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


def parts_imported_by(path: Path) -> set[str]:
    ours = {module for module in modules_imported_by(path) if module.split(".")[0] in ("digits_core", "pages", "app")}
    return {module.split(".")[1] if module.startswith("digits_core.") else module.split(".")[0] for module in ours}


@pytest.mark.parametrize("path", [path for path in FILES if part_of(path) in ORDER], ids=shown)
def test_a_file_imports_only_what_comes_before_it_in_the_flow(path):
    place = ORDER[part_of(path)]
    later = {part for part in parts_imported_by(path) if ORDER.get(part, -1) > place}

    assert later == set()


def test_every_part_of_the_house_has_its_place_in_the_flow():
    assert {part_of(path) for path in FILES} - set(ORDER) <= {"", "figures"}


@pytest.mark.parametrize("path", [path for path in FILES if part_of(path) == "figures"], ids=shown)
def test_figures_import_nothing_of_ours_but_figures(path):
    assert parts_imported_by(path) <= {"figures"}


@pytest.mark.parametrize(
    "path", [path for path in FILES if part_of(path) in ORDER and ORDER[part_of(path)] < ORDER["dashboard"]], ids=shown
)
def test_nothing_below_the_dashboard_draws_figures(path):
    assert "figures" not in parts_imported_by(path)


def test_streamlit_is_known_to_the_dashboard_and_the_pages_alone():
    users = {part_of(path) for path in FILES if {"streamlit", "streamlit_drawable_canvas"} & libraries(path)}

    assert users <= {"dashboard", "pages", "app"}
    assert "dashboard" in users


def test_dask_is_known_to_the_engine_alone():
    assert {part_of(path) for path in FILES if {"distributed", "dask"} & libraries(path)} == {"engine"}


def test_the_training_loop_knows_neither_files_nor_screens():
    path = ROOT / "digits_core" / "training" / "loop.py"

    assert libraries(path) & {"sqlite3", "pathlib", "os", "io", "streamlit", "plotly"} == set()
    assert parts_imported_by(path) & {"runs", "database", "home", "dashboard", "figures"} == set()


def test_the_shell_knows_nothing_of_the_browser():
    assert {part for path in SHELL for part in parts_imported_by(path)} & {
        "dashboard",
        "pages",
        "app",
        "figures",
    } == set()


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"torch", "torchvision", "streamlit", "numpy", "pandas", "plotly", "pydantic", "distributed", "sqlite3"}

    assert loaded_after("import digits_core") & heavy == set()


def test_the_first_page_does_not_wait_for_pandas_or_torch():
    body = ast.parse((ROOT / "pages" / "data.py").read_text(encoding="utf-8")).body
    loaded = loaded_after(
        "; ".join(ast.unparse(each) for each in body if isinstance(each, ast.Import | ast.ImportFrom))
    )

    assert {"streamlit", "plotly"} <= loaded
    assert loaded & {"pandas", "torch", "distributed", "sklearn", "scipy"} == set()


@pytest.mark.parametrize(
    "module",
    [
        "digits_core.__main__",
        "digits_core.config",
        "digits_core.settings",
        "digits_core.transforms.steps",
        "digits_core.dashboard.network.by_hand",
        "digits_core.data.catalogue",
        "digits_core.data.handwriting",
        "digits_core.data.readers",
        "digits_core.engine.service",
        "digits_core.dashboard.runs.one_run",
        "digits_core.evaluation.across",
        "digits_core.evaluation.robustness",
        "digits_core.runs.artifacts",
        "digits_core.runs.store",
        "digits_core.training.recipes",
        "digits_core.training.check",
    ],
)
def test_what_a_page_needs_first_does_not_wait_for_torch(module):
    assert "torch" not in loaded_after(f"import {module}")


def test_figures_do_not_wait_for_torch():
    figures = [path for path in FILES if part_of(path) == "figures"]
    if not figures:
        pytest.skip("there are no figures yet")
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in figures}

    assert "torch" not in loaded_after(f"import {', '.join(sorted(names))}")
