"""Recognitions per second in the shell: `python -m tests.benchmarks shell`.

One process that is given many pictures against one process for each picture, both `python -m digits_core recognise`.
The pictures are drawings of 280 × 280 pixels; the run is trained before, and what it refuses is worked out before too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from digits_core.data.builtin import read_mnist_5k
from tests.benchmarks.measurement import Measurement, counted, measured
from tests.benchmarks.recognition_accuracy import test_digits
from tests.benchmarks.rendering import DEVELOPMENT_SEED, canvas_drawing, render


def measurements(quick: bool) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        images, _ = test_digits(read_mnist_5k(), 50 if quick else 500)
        paths = [str(folder / f"{index}.png") for index in range(len(images))]
        for path, drawing in zip(paths, render(images, canvas_drawing, DEVELOPMENT_SEED), strict=True):
            Image.fromarray(drawing).save(path)
        shell(home, "train", "--recipe", "Robust", "--epochs", "2")
        shell(home, "recognise", paths[0])
        lines, together = shell(home, "recognise", "-", "--json", typed="\n".join(paths))
        alone = [shell(home, "recognise", path, "--json")[1] for path in paths[: 2 if quick else 5]]
    yield measured("a process for one picture", "s", alone)
    steady = (len(lines) - 1) / (together - min(alone))
    yield counted(f"one process for {len(lines)} pictures, its start included", "pictures/s", len(lines) / together)
    yield counted("the same without its start", "pictures/s", steady)


def shell(home: Path, *arguments: str, typed: str = "") -> tuple[list[str], float]:
    """Run a command; returns its lines and the seconds that it took, the start of Python and torch included."""
    began = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-m", "digits_core", *arguments], env={**os.environ, "DIGITS_HOME": str(home)}, input=typed,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return answer.stdout.splitlines(), time.perf_counter() - began
