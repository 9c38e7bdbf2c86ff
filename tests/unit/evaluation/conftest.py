"""A run that was really trained, for a moment."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from digits_core.config import RunConfig, TransformConfig
from digits_core.data.digits import Digits
from digits_core.runs.artifacts import Artifacts
from digits_core.runs.execution import execute
from digits_core.training.events import Finished
from tests.unit.helpers import run_config


@dataclass(frozen=True)
class Trained:
    """A finished run on its own: config, artifacts, the digits it was trained and tested on, its test accuracy."""

    config: RunConfig
    artifacts: Artifacts
    digits: Digits
    accuracy: float


@pytest.fixture(scope="module")
def trainings(tmp_path_factory, few_mnist, few_optdigits) -> dict[str, tuple[RunConfig, Path, Digits, float]]:
    """One that centres and works at 28 pixels, one that enlarges 8×8 to 20."""
    made = {}
    for name, digits, transform in (
        ("centred", few_mnist, TransformConfig(centre=True)),
        ("enlarged", few_optdigits, TransformConfig(size=20)),
    ):
        config, folder = run_config(transform=transform, epochs=2, batch_size=32), tmp_path_factory.mktemp(name) / "run"
        events = list(execute(config, lambda _, digits=digits: digits, Artifacts(folder)))
        assert isinstance(events[-1], Finished)
        made[name] = config, folder, digits, events[-1].test_accuracy
    return made


@pytest.fixture(params=["centred", "enlarged"])
def trained(request, trainings, tmp_path) -> Trained:
    """Each of them, this test's own to change."""
    config, folder, digits, accuracy = trainings[request.param]
    shutil.copytree(folder, tmp_path / "run")
    return Trained(config, Artifacts(tmp_path / "run"), digits, accuracy)
