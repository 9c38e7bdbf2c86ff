"""Recognitions per second in the shell: `python -m tests.benchmarks.recognition_speed`.

One process that is given many pictures against one process for each picture, both `python -m digits_core recognise`.
The pictures are drawings of 280 × 280 pixels; the run is trained before, and what it refuses is worked out before too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from digits_core.data.builtin import read_mnist_5k
from tests.benchmarks.recognition_accuracy import test_digits
from tests.benchmarks.rendering import DEVELOPMENT_SEED, canvas_drawing, render


def shell(home: Path, *arguments: str, typed: str = "") -> tuple[list[str], float]:
    """Run a command; returns its lines and the seconds that it took, the start of Python and torch included."""
    began = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-m", "digits_core", *arguments], env={**os.environ, "DIGITS_HOME": str(home)}, input=typed,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return answer.stdout.splitlines(), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=500, help="for the one process")
    parser.add_argument("--processes", type=int, default=5, help="with one picture each")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        images, _ = test_digits(read_mnist_5k(), options.pictures)
        paths = [str(folder / f"{index}.png") for index in range(len(images))]
        for path, drawing in zip(paths, render(images, canvas_drawing, DEVELOPMENT_SEED), strict=True):
            Image.fromarray(drawing).save(path)
        shell(home, "train", "--recipe", "Robust", "--epochs", "2")
        shell(home, "recognise", paths[0])
        lines, together = shell(home, "recognise", "-", "--json", typed="\n".join(paths))
        _, alone = shell(home, "recognise", paths[0], "--json")
        each = sorted(shell(home, "recognise", path, "--json")[1] for path in paths[: options.processes])

    steady = (len(lines) - 1) / (together - alone)
    print(f"one process, {len(lines)} pictures: {len(lines) / together:.1f} a second, its start included; "
          f"{steady:.1f} a second after that")  # fmt: skip
    print(f"one process a picture: {1 / each[len(each) // 2]:.2f} a second (median of {len(each)})")


if __name__ == "__main__":
    main()
