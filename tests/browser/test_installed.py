"""Digits Lab as a package: what a wheel holds is enough to open the app and to train, away from the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from packaging.requirements import Requirement
from playwright.sync_api import Page, expect

from digits_core.dashboard.pages import PAGES
from tests.browser.conftest import ROOT, START_SECONDS, Server, answers, end, serve
from tests.browser.helpers import free_port, open_page, poll
from tests.unit.test_dockerfile import health_check, opened_with
from tests.unit.test_requirements import APP

pytestmark = pytest.mark.browser

TRAINING_SECONDS = 240


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", ".", "--no-build-isolation", "--wheel-dir", str(folder))
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with Digits Lab in it."""
    folder = tmp_path_factory.mktemp("packages")
    pip("install", str(wheel), "--target", str(folder))
    return folder


@pytest.fixture(scope="module")
def opened(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("elsewhere"), installed=installed) as running:
        yield running


def pip(command: str, *arguments: str) -> None:
    """Without an index: all that it needs is there."""
    answer = subprocess.run(
        [sys.executable, "-m", "pip", command, *arguments, "--no-deps", "--no-index", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_a_wheel_holds_the_package_and_the_app_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    parts = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), ROOT / ".streamlit" / "config.toml"]
    package = [path for path in (ROOT / "digits_core").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    expected = {path.relative_to(ROOT).as_posix() for path in package}
    beside = [path.relative_to(ROOT).as_posix() for path in parts]
    assert names == expected | {f"digits_core/app/{name}" for name in beside}


def test_it_requires_what_the_requirements_say(installed: Path) -> None:
    (package,) = distributions(name="digits-lab", path=[str(installed)])
    required = [Requirement(line) for line in package.requires or []]
    assert {(each.name, str(each.specifier)) for each in required if not each.marker} == {
        (each.name, str(each.specifier)) for each in APP
    }
    (command,) = package.entry_points.select(group="console_scripts")
    assert (command.name, command.value) == ("digits-lab", "digits_core.__main__:main")


def test_the_shell_of_a_package_is_not_that_of_a_checkout(installed: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "digits_core", "datasets", "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed), "DIGITS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "mnist-5k" in [json.loads(line)["name"] for line in answer.stdout.splitlines()]


def test_it_keeps_things_in_the_persons_own_folder_and_not_beside_its_code(installed: Path, tmp_path: Path) -> None:
    code = (
        "from digits_core.app_folder import APP_FOLDER; from digits_core.home import Home; "
        "print(APP_FOLDER, Home.from_environment().folder, sep='\\n')"
    )
    environment = os.environ | {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    environment.pop("DIGITS_HOME", None)
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == [str((installed / "digits_core" / "app").resolve()), str(tmp_path / ".digits")]


def test_without_a_command_the_shell_opens_the_app(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    streamlits = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true"}
    places = {"PYTHONPATH": str(installed), "DIGITS_HOME": str(tmp_path / "home")}
    app = psutil.Popen(
        [sys.executable, "-m", "digits_core"],
        cwd=tmp_path,
        env=os.environ | streamlits | places,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        poll(lambda: answers(f"http://127.0.0.1:{port}"), START_SECONDS, "the app to answer")
    finally:
        end(app)


def test_the_health_check_of_the_image_tells_an_app_that_answers_from_none(opened: Server) -> None:
    program, option, code = health_check()
    assert program == "python"

    def status(port: int) -> int:
        asked = code.replace(f":{opened_with().port}/", f":{port}/")
        return subprocess.run([sys.executable, option, asked], capture_output=True, check=False).returncode

    assert status(urlsplit(opened.url).port or 0) == 0
    assert status(free_port()) != 0


def test_every_page_opens_in_the_apps_own_colours(opened: Server, browser_page: Page) -> None:
    for entry in PAGES.values():
        open_page(browser_page, f"{opened.url}/{entry.url_path}")
        expect(browser_page.get_by_role("heading", name=entry.title, level=1)).to_be_visible()
        expect(browser_page.get_by_test_id("stException")).to_have_count(0)
    sidebar = browser_page.get_by_test_id("stSidebar")
    assert sidebar.evaluate("sidebar => getComputedStyle(sidebar).backgroundColor") == "rgb(247, 248, 252)"


def test_it_trains(opened: Server, browser_page: Page) -> None:
    open_page(browser_page, f"{opened.url}/training?epochs=1&size=8&batch_size=128")
    browser_page.get_by_role("button", name="Train", exact=True).click()
    expect(browser_page.get_by_text("finished in")).to_be_visible(timeout=TRAINING_SECONDS * 1000)
