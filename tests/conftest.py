"""What every test may use."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before torch is loaded anywhere: on networks as small as those of the tests, threads mostly wait for each other, and
# where tests run side by side they wait for processors too, ten times as long as the work takes.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kill-seeds", type=int, default=2, metavar="N", help="so many times the tests of kills pick their moments"
    )


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
