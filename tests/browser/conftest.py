"""A server of the app for all tests, for a module or for one test, and a browser that looks at it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from digits_core.__main__ import main
from digits_core.dashboard.pages import PAGES
from tests.browser import chromium
from tests.browser.helpers import free_port, poll
from tests.unit.helpers import ctrl_c_given_back

ROOT = Path(__file__).resolve().parents[2]
FAILED = pytest.StashKey[bool]()
START_SECONDS = 60
END_SECONDS = 15
TWO_RUNS = {"slow": "0.0002", "fast": "0.002"}
"""The learning rates of the runs with which the shared app begins."""
STORED = "cookies,indexeddb,local_storage,service_workers,cache_storage"
"""What a page can keep in a browser, in the words of Chromium's DevTools protocol; not what it has fetched."""
PROBE = re.compile(rf"/({'|'.join(PAGES)})/_stcore/(health|host-config)")


@dataclass(frozen=True)
class Server:
    """A running app: its address, the folder it keeps things in, its process, and what it printed."""

    url: str
    home: Path
    process: psutil.Popen
    log: Path


# A busy machine is no defect: what is expected may take its time, only not forever.
expect.set_options(timeout=30_000)


@contextmanager
def serve(
    folder: Path,
    script: Path | None = None,
    port: int | None = None,
    installed: Path | None = None,
    path: str = "",
) -> Iterator[Server]:
    """Start the app on a loopback port with its home in `folder`, empty unless it was there before; end it with all
    its children.

    `script` is another Streamlit app to start in its place; the port is a free one unless given. With `installed`, a
    folder of packages, the app in there is opened by the shell's command, from outside the checkout. `path` is the one
    below which the app is served, as "/lab".
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    port = port or free_port()
    log = folder / "server.log"
    # `-m streamlit` with the tests' own interpreter: the one that has what the app needs.
    if installed:
        command = [sys.executable, "-m", "digits_core", "app"]
        options = ["--headless", "--port", str(port), "--address", "127.0.0.1"]
    else:
        command = [sys.executable, "-m", "streamlit", "run", str(script or "app.py")]
        options = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    added = {"STREAMLIT_SERVER_BASE_URL_PATH": path} | ({"PYTHONPATH": str(installed)} if installed else {})
    with log.open("ab") as output:
        process = psutil.Popen(
            [*command, *options],
            cwd=folder if installed else ROOT,
            env=os.environ | {"DIGITS_HOME": str(home)} | added,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}{path}", home, process, log)
    try:
        poll(lambda: _answers(server), START_SECONDS, "the app to answer")
        yield server
    finally:
        end(process)


def _answers(server: Server) -> bool:
    """Whether the app's health page is there; fails at once if the process has ended."""
    if server.process.poll() is not None:
        pytest.fail(f"The app ended with {server.process.returncode}:\n{server.log.read_text()}")
    return answers(server.url)


def answers(url: str) -> bool:
    """Whether an app's health page is at this address."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def end(process: psutil.Popen) -> None:
    """Ask the app to end, as `kill` would; fails if it or a process that it started goes on after that."""
    if process.poll() is not None:
        return
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    outlived = [_command_line(left) for left in alive]
    for left in alive:
        left.kill()
    psutil.wait_procs(alive, timeout=END_SECONDS)
    assert not outlived, f"still running {END_SECONDS} s after the app was asked to end: {outlived}"


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return str(process.pid)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A fresh app with an empty home, for this test alone."""
    with serve(tmp_path) as running:
        yield running
        _show_log_of_a_failed_test(running, request)


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """One app with a home that starts empty, shared by the tests of a module."""
    with serve(tmp_path_factory.mktemp("server")) as running:
        failed_before = request.session.testsfailed
        yield running
        if request.session.testsfailed > failed_before:
            print(running.log.read_text())


def train(home: Path, *options: str) -> str:
    """Train two short epochs by the shell's own command; returns the id of the run."""
    with pytest.MonkeyPatch.context() as patch, StringIO() as out, redirect_stdout(out), ctrl_c_given_back():
        patch.setenv("DIGITS_HOME", str(home))
        status = main(["train", "--epochs", "2", "--batch-size", "128", *options, "--json"])
        assert status == 0, out.getvalue()
        return json.loads(out.getvalue().splitlines()[-1])["run"]


@dataclass(frozen=True)
class SharedServer(Server):
    """The app that the tests share, with the ids of the two runs that its home begins with."""

    slow: str
    fast: str


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[SharedServer]:
    """One app for all tests that rely on nothing in its home but two runs, #1 slow and #2 fast: starting an app and
    showing its first page takes longer than most tests do.
    """
    folder = tmp_path_factory.mktemp("shared")
    home = folder / "home"
    slow, fast = (train(home, "--learning-rate", rate, "--name", name) for name, rate in TWO_RUNS.items())
    with serve(folder) as running:
        failed_before = request.session.testsfailed
        yield SharedServer(running.url, running.home, running.process, running.log, slow, fast)
        if request.session.testsfailed > failed_before:
            print(running.log.read_text())


def _show_log_of_a_failed_test(server: Server, request: pytest.FixtureRequest) -> None:
    if request.node.stash.get(FAILED, False):
        print(server.log.read_text())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """Remember on the test itself that it failed, for the fixtures that end after it."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One Chromium for all tests, with a profile on disk: what it has loaded and compiled once, it keeps.

    A tab stays open, for Chromium ends with its last one.
    """
    path = chromium.find()
    if path is None:
        pytest.fail("No Chromium here: run the tests as `python -m tests`, which installs one.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=path,
            args=chromium.FLAGS,
            viewport={"width": 1280, "height": 900},
            color_scheme="light",
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def browser(profile: BrowserContext) -> Browser:
    """The same Chromium, for who needs a browser of another size, or of another person."""
    assert profile.browser
    return profile.browser


@pytest.fixture(scope="module")
def module_page(browser: Browser) -> Iterator[Page]:
    """A tab to bring a module's server to where its tests begin."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def browser_context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """A person's browser that remembers nothing of the test before: no cookie, no permission, nothing stored."""
    yield profile
    first, *others = profile.pages
    for tab in others:
        tab.close()
    profile.clear_cookies()
    profile.clear_permissions()
    session = profile.new_cdp_session(first)
    session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": STORED})
    session.detach()


@pytest.fixture
def browser_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A tab, 1280 × 900, that fails its test on an error on its console, an uncaught error of a script,
    or a request to another machine: the app works offline.
    """
    page = browser_context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
    page.on("console", lambda message: errors.append(_in_words(message)) if _matters(message) else None)
    page.on("request", lambda request: errors.append(f"left: {request.url}") if _leaves(request) else None)
    yield page
    page.close()
    assert not errors, "the browser reported errors:\n" + "\n".join(errors)


def _matters(message: ConsoleMessage) -> bool:
    """Whether it is an error, other than Streamlit looking for its own address.

    On a page's own URL the browser asks for the server's health beside that page first, is told that
    there is none (404), and finds it one level up.
    """
    probe = PROBE.fullmatch(urlsplit(message.location.get("url", "")).path)
    return message.type == "error" and not (probe and "404" in message.text)


def _leaves(request: Request) -> bool:
    address = urlsplit(request.url)
    return address.scheme in {"http", "https"} and address.hostname not in {"127.0.0.1", "localhost"}


def _in_words(message: ConsoleMessage) -> str:
    return f"{message.location.get('url', '')}: {message.text}"
