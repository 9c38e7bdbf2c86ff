"""What the README says can be done as it is said."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from digits_core.__main__ import build_parser
from digits_core.dashboard.pages import PAGES
from tests.benchmarks.__main__ import build_parser as benchmarks_parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"^```\w+\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
OPENING = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/streamlit run app.py"
TESTING = "python3 -m venv .venv && .venv/bin/pip install -r tests/requirements.txt && .venv/bin/python -m tests"
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)", README) + re.findall(r'src(?:set)?="([^"]+)"', README)
MEASURING = [shlex.split(line.split("-m tests.benchmarks")[1]) for line in COMMANDS if "-m tests.benchmarks" in line]
SHELL = [shlex.split(line.split("-m digits_core ")[1]) for line in COMMANDS if "-m digits_core " in line]


@pytest.mark.parametrize("command", [OPENING, TESTING])
def test_one_command_installs_and_opens_and_one_installs_and_tests(command: str) -> None:
    assert command in COMMANDS


def test_ci_runs_the_test_command_of_the_readme_and_installs_nothing_else() -> None:
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert [step for step in steps if "venv/bin" in step] == [TESTING]


def test_the_workflow_for_other_systems_runs_the_test_command_of_the_readme() -> None:
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    on_windows = TESTING.replace("python3", "python").replace("bin/", "Scripts/")

    assert {line.split("run: ")[1] for line in workflow.splitlines() if " run: " in line} == {TESTING, on_windows}


def test_ci_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("arguments", MEASURING, ids=" ".join)
def test_one_command_measures_everything_or_what_is_named(arguments: list[str]) -> None:
    assert [] in MEASURING
    assert benchmarks_parser().parse_args(arguments).quick is False


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.png")), ids=lambda path: path.name)
def test_the_pictures_are_small_and_the_readme_shows_each(picture: Path) -> None:
    assert picture.stat().st_size <= 150_000
    assert f"docs/{picture.name}" in LINKS


@pytest.mark.parametrize("link", LINKS)
def test_what_the_readme_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_files_that_a_command_names_exist(command: str) -> None:
    named = re.findall(r"(?:-r|streamlit run) (\S+)", command)

    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_page_is_described_in_the_order_of_the_flow() -> None:
    rows = re.findall(r"^\| (\w+) \|", README.split("## The pages")[1].split("\n## ")[0], flags=re.MULTILINE)

    assert rows[1:] == [entry.title for entry in PAGES.values()]


@pytest.mark.parametrize("arguments", SHELL, ids=" ".join)
def test_shell_commands_are_understood_as_they_stand(arguments: list[str]) -> None:
    try:
        build_parser().parse_args(arguments)
    except SystemExit:
        pytest.fail(f"python -m digits_core {' '.join(arguments)} is refused")


def test_the_readme_shows_every_shell_command_that_there_is() -> None:
    subparsers = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))

    assert {arguments[0] for arguments in SHELL} == set(subparsers.choices)
