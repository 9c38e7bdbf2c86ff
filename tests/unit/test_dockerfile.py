"""The image: what of it can be held without Docker."""

import argparse
import json
import shlex
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from digits_core.__main__ import INSTALLED_AS, build_parser
from tests.unit.test_readme import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction, in order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if line and not line.startswith("#")).replace("\\\n", " ")
    return [(name, rest.strip()) for name, rest in (line.split(maxsplit=1) for line in joined.splitlines())]


STEPS = instructions()
IMAGE = STEPS[max(number for number, (name, _) in enumerate(STEPS) if name == "FROM") :]
"""The last stage: the one that is kept."""


def last(name: str) -> str:
    """Arguments of the last instruction of this name in the image: the one that counts."""
    return [rest for each, rest in IMAGE if each == name][-1]


def environment() -> dict[str, str]:
    return dict(part.split("=", 1) for name, rest in IMAGE if name == "ENV" for part in shlex.split(rest))


def copied() -> list[str]:
    """What the stages take from the checkout."""
    words = [shlex.split(rest) for name, rest in STEPS if name == "COPY"]
    return [path for each in words if not each[0].startswith("--from") for path in each[:-1]]


def health_check() -> list[str]:
    """The command that tells whether the app of a container answers."""
    return json.loads(last("HEALTHCHECK").split("CMD", 1)[1])


def opened_with() -> argparse.Namespace:
    """The options with which a container opens the app."""
    program, *arguments = json.loads(last("CMD"))
    assert program == INSTALLED_AS
    return build_parser().parse_args(arguments)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


@pytest.mark.parametrize("path", copied())
def test_what_is_copied_is_in_the_repository_and_let_through_to_docker(path: str, tracked: list[str]):
    files = [name for name in tracked if name == path or name.startswith(f"{path}/")]
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = [line.removeprefix("!") for line in lines if line.startswith("!")]

    assert files
    assert [name for name in files if not any(fnmatch(name, f"{each}*") for each in let_through)] == []


def test_everything_that_the_package_is_built_from_is_copied():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, hatch = declared["project"], declared["tool"]["hatch"]
    wheel = hatch["build"]["targets"]["wheel"]
    needed = {
        "pyproject.toml",
        project["readme"],
        *project["license-files"],
        *hatch["metadata"]["hooks"]["requirements_txt"]["files"],
        *wheel["packages"],
        *wheel["force-include"],
    }

    assert [path for path in needed if not any(path == each or path.startswith(f"{each}/") for each in copied())] == []


def test_a_change_of_the_code_does_not_install_the_requirements_anew():
    names = [rest if name in {"RUN", "COPY"} else "" for name, rest in STEPS]
    installed = next(number for number, rest in enumerate(names) if "-r requirements.txt" in rest)

    assert [rest for rest in names[:installed] if "digits_core" in rest or "pages" in rest] == []
    assert "--torch-backend cpu" in names[installed]


def test_a_container_opens_the_app_for_other_machines_at_the_port_that_it_exposes_and_checks():
    options = opened_with()

    assert (options.address, options.headless) == ("0.0.0.0", True)
    assert str(options.port) == last("EXPOSE")
    assert f":{options.port}/" in health_check()[-1]


def test_a_container_does_not_run_as_root():
    user = last("USER")

    assert user not in {"root", "0"}
    assert any(name == "RUN" and f"useradd --create-home --uid 1000 {user}" in rest for name, rest in IMAGE)


def test_what_a_container_keeps_lies_in_its_volume():
    assert environment()["DIGITS_HOME"] == last("VOLUME")


def test_the_readme_starts_a_container_for_this_machine_alone_and_keeps_its_volume():
    (start,) = [line for line in COMMANDS if line.startswith("docker run")]
    port = opened_with().port

    assert f"-p 127.0.0.1:{port}:{port} " in start
    assert f":{last('VOLUME')} " in start
