"""Recognitions per second in the shell: `python -m tests.benchmarks shell`.

One process that is given many pictures against one process for each picture, both `python -m digits_core recognise`.
The pictures are drawings of 280 × 280 pixels, then photos of 12 megapixels, of a single digit and of 100; the run is
trained before, and what it refuses is worked out before too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from digits_core.data.builtin import read_mnist_5k
from tests.benchmarks.measurement import Measurement, counted, measured
from tests.benchmarks.recognition_accuracy import test_digits
from tests.benchmarks.rendering import DEVELOPMENT_SEED, canvas_drawing, paper_photo, render
from tests.benchmarks.sheet_rendering import Conditions, photograph


def measurements(quick: bool) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        images, labels = test_digits(read_mnist_5k(), 50 if quick else 500)
        paths = [str(folder / f"{index}.png") for index in range(len(images))]
        for path, drawing in zip(paths, render(images, canvas_drawing, DEVELOPMENT_SEED), strict=True):
            Image.fromarray(drawing).save(path)
        shell(home, "train", "--recipe", "Robust", "--epochs", "2")
        shell(home, "recognise", paths[0])
        lines, together = shell(home, "recognise", "-", "--json", typed="\n".join(paths))
        alone = [shell(home, "recognise", path, "--json")[1] for path in paths[: 2 if quick else 5]]
        photos = photos_of_twelve_megapixels(images, labels, folder)
        large = {what: lines_apart(home, [path] * (3 if quick else 6)) for what, path in photos.items()}
    yield measured("a process for one picture", "s", alone)
    steady = (len(lines) - 1) / (together - min(alone))
    yield counted(f"one process for {len(lines)} pictures, its start included", "pictures/s", len(lines) / together)
    yield counted("the same without its start", "pictures/s", steady)
    for what, seconds in large.items():
        yield measured(f"a photo of 12 megapixels, {what}", "s", seconds)


def photos_of_twelve_megapixels(images: np.ndarray, labels: np.ndarray, folder: Path) -> dict[str, str]:
    """Write a photo of one digit and two of sheets of 100 as JPEG, 4,032 pixels wide; return their paths."""
    rng = np.random.default_rng(DEVELOPMENT_SEED)
    height, width = 3024, 4032
    one = Image.fromarray(paper_photo(images[0], rng)).resize((width, height), Image.Resampling.BICUBIC)
    noise = rng.normal(0, 4, (height, width, 1))
    photos = {"one digit": np.clip(np.asarray(one) + noise, 0, 255).astype(np.uint8)}
    for paper in ("plain", "ruled"):
        conditions = Conditions(paper, "inside", shadow=True, noise=True, side=width, count=100)
        seed = next(seed for seed in range(100) if count_in_small_photo(conditions, images, labels, seed) == 100)
        photos[f"100 digits on {paper} paper"] = photograph(
            conditions, images, labels, np.random.default_rng(seed)
        ).photo
    paths = {what: str(folder / f"{number}.jpg") for number, what in enumerate(photos)}
    for what, photo in photos.items():
        Image.fromarray(photo).save(paths[what], quality=88)
    return paths


def count_in_small_photo(conditions: Conditions, images: np.ndarray, labels: np.ndarray, seed: int) -> int:
    """Return how many digits are on the sheet: some paper has no room for as many as are wanted."""
    small = replace(conditions, side=400)
    return len(photograph(small, images, labels, np.random.default_rng(seed)).digits)


def lines_apart(home: Path, paths: list[str]) -> list[float]:
    """Return the seconds between a line of `recognise` and the next: what each picture but the first takes."""
    command = [sys.executable, "-m", "digits_core", "recognise", "--json", *paths]
    times = []
    with subprocess.Popen(command, env={**os.environ, "DIGITS_HOME": str(home)}, stdout=subprocess.PIPE) as process:
        for _ in process.stdout:
            times.append(time.perf_counter())
    return np.diff(times).tolist()


def shell(home: Path, *arguments: str, typed: str = "") -> tuple[list[str], float]:
    """Run a command; returns its lines and the seconds that it took, the start of Python and torch included."""
    began = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-m", "digits_core", *arguments],
        env={**os.environ, "DIGITS_HOME": str(home)},
        input=typed,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.splitlines(), time.perf_counter() - began
