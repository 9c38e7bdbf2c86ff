"""What is installed is what the requirements say, and they leave nothing to chance."""

import subprocess
import sys
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.unit.test_imports import FILES, libraries

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = {"IPython", "lightning", "onnx", "pytorch_lightning", "tensorboard"}
"""Behind a clear message where they are absent; what runs in a notebook has IPython."""
PARTS = {"dask": "distributed", "annotated_types": "pydantic", "starlette": "streamlit"}
"""What comes with a package that is required, as a part of how that one is used."""


def requirements(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


APP, TESTS = requirements("requirements.txt"), requirements("tests/requirements.txt")


@pytest.mark.parametrize("requirement", [*APP, *TESTS], ids=lambda requirement: requirement.name)
def test_a_requirement_has_a_lower_and_an_upper_bound_and_comes_from_the_index(requirement: Requirement):
    assert {bound.operator for bound in requirement.specifier} == {">=", "<"}
    assert requirement.url is None


@pytest.mark.parametrize("requirement", [*APP, *TESTS], ids=lambda requirement: requirement.name)
def test_what_is_installed_is_within_the_bounds(requirement: Requirement):
    assert requirement.specifier.contains(version(requirement.name), prereleases=True)


def test_what_is_installed_fits_together():
    """Each package's own requirements are met: pip looks at all that is installed, and asks nobody."""
    answer = subprocess.run([sys.executable, "-m", "pip", "check"], cwd=ROOT, capture_output=True, text=True)

    assert answer.stdout.strip() == "No broken requirements found."


def test_the_app_imports_what_it_requires_and_requires_what_it_imports():
    packages = packages_distributions()
    ours = {"digits_core", "pages", "app", *sys.stdlib_module_names}
    imported = {name for path in FILES for name in libraries(path)} - ours - OPTIONAL
    found = {package.lower().replace("_", "-") for name in imported for package in packages[PARTS.get(name, name)]}

    assert found == {requirement.name for requirement in APP}


@pytest.mark.parametrize(("part", "package"), PARTS.items())
def test_a_part_comes_with_its_package(part: str, package: str):
    assert part.replace("_", "-") in {Requirement(line).name for line in requires(package)}
