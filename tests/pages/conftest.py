"""Pages run without a browser (`AppTest`) on homes that real trainings have filled."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import digits_core as dl
from digits_core.dashboard import state
from digits_core.dashboard.pages import PAGES
from tests.unit.helpers import ctrl_c_given_back

SECONDS = 60

OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page(home: Path) -> Iterator[OpenPage]:
    """Run a page by its name, with what its URL says: `open_page("data", dataset="mnist-5k")`.

    `unfolded` are the keys of the folds that are open.
    """

    def run(name: str, *, unfolded: Sequence[str] = (), **query: str | list[str]) -> AppTest:
        page = AppTest.from_file(PAGES[name].file, default_timeout=SECONDS)
        for key in unfolded:
            page.session_state[key] = True
        for key, value in query.items():
            page.query_params[key] = value
        return page.run()

    yield run
    state.stop()
    st.cache_resource.clear()


@pytest.fixture(scope="session", autouse=True)
def _packages_searched_once() -> Iterator[None]:
    """Look for components in the installed packages once: every `AppTest` does it anew, for a third of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two finished runs of one epoch, trained through the shell's own command."""
    from digits_core.__main__ import main

    folder = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch, ctrl_c_given_back():
        patch.setenv("DIGITS_HOME", str(folder))
        for name, rate in (("slow", "0.0005"), ("fast", "0.002")):
            options = ["--epochs", "1", "--batch-size", "64", "--learning-rate", rate, "--name", name]
            assert main(["train", *options]) == 0
        know_digits()
    return folder


def know_digits() -> None:
    """Work out for each run what is no digit, and keep it with the run: else each copy of a home would do it anew."""
    image, _ = dl.load("optdigits").test[0]
    for run in dl.runs().index:
        assert dl.run(run).predict(image).is_digit is not None


@pytest.fixture
def trained_home(trained: Path, home: Path) -> Path:
    """A copy of that home, this test's own to change."""
    shutil.copytree(trained, home, dirs_exist_ok=True)
    return home
