"""What every test may use."""

import sys
from pathlib import Path

import pytest


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
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
