"""What every test may use."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Before torch is loaded anywhere: on networks as small as those of the tests, threads mostly wait for each other, and
# where tests run side by side they wait for processors too, ten times as long as the work takes.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kill-seeds", type=int, default=2, metavar="N", help="so many times the tests of kills pick their moments"
    )


ONE_APP, ONE_CLUSTER = "shared_server", "lab"
"""Fixtures of which there is one, however many processes run the tests: the files that take one of them go together."""


class OneOfEach(LoadFileScheduling):
    """Gives the tests of a file to one process, and with them those of all files that share an app or a cluster."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return _shared_by(self.config.rootpath / file) or file


@cache
def _shared_by(file: Path) -> str:
    """Return the name of the fixture that a file of tests shares with others, or ""."""
    text = file.read_text(encoding="utf-8")
    if ONE_APP in text:
        return ONE_APP
    takes_lab = re.search(r"^def \w+\(lab\b", text, re.MULTILINE) and "def lab(" not in text
    return ONE_CLUSTER if takes_lab and file.parent.name == "engine" else ""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return OneOfEach(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the app takes for its own (`DIGITS_HOME`) while the test runs."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("DIGITS_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    """Start every test from one torch seed. Only where torch is loaded: loading it takes seconds."""
    # A page may be loading it in the background at this moment.
    if manual_seed := getattr(sys.modules.get("torch"), "manual_seed", None):
        manual_seed(0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 32 MB of its own: two checkpoints of the lecture's network fit, a third does not."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small file system is mounted by root on Linux alone")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
