"""What a file holds, before anything of it is kept; and why a file, or an entry of it, is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digits_core.data.digits import Digits, stratified_split

OWN_MARK = "digits_lab"
"""The array that marks an .npz as our own export: its images are kept as they are, with split and writers."""
_ARRAYS = ("images", "labels", "test")
_TEXTS = ("format", "found", "changes", "original_range", "writers", "problem_count")
_OUTCOME = "outcome.json"


class Refusal(Exception):
    """A file is not read. The text goes on after the file's name: "wants to call os.system: …"."""


@dataclass(frozen=True)
class Refused:
    """Why a file was not read, as a text to follow its name; `stopped` if the machine is to blame and not the file."""

    reason: str
    stopped: bool = False


class Unusable(Exception):
    """One entry of a file cannot be used. The text is the reason."""


@dataclass(frozen=True)
class Problem:
    """An entry that is wrong: "train entry 17" (counted from 0, as Python does), "row 12" (counted from 1, as
    spreadsheets do) or "3/scan.png"."""

    entry: str
    reason: str


@dataclass(frozen=True, eq=False)
class Reading:
    """What a file holds, ready to be kept; nothing is kept yet.

    images: uint8 (N, H, W), ink bright on a dark ground, of the good entries alone; labels: int64 (N,), 0 to 9;
    test: bool (N,) where the file has lists for training and testing, else None; writers: N names, or none.
    found: sentences on what the file holds; changes: sentences on what was done to the images;
    original_range: the values in the file, as "0 to 1 (float32)"; problems: the first of `problem_count`.
    """

    format: str
    images: np.ndarray
    labels: np.ndarray
    test: np.ndarray | None
    writers: tuple[str, ...]
    found: tuple[str, ...]
    changes: tuple[str, ...]
    original_range: str
    problems: tuple[Problem, ...]
    problem_count: int

    def digits(self, name: str) -> Digits:
        """The good entries as a dataset: split as the file is, else as every dataset without lists of its own."""
        test = self.test if self.test is not None else stratified_split(self.images, self.labels)
        return Digits(name, self.images, self.labels, test, self.writers)


def write_reading(reading: Reading, folder: Path) -> None:
    """Lay a reading down in a folder: plain arrays and JSON, which hold no code."""
    for name in _ARRAYS:
        if (array := getattr(reading, name)) is not None:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
    texts = {name: getattr(reading, name) for name in _TEXTS}
    problems = [(problem.entry, problem.reason) for problem in reading.problems]
    _write(folder, {"reading": {**texts, "problems": problems}})


def write_refusal(reason: str, folder: Path, stopped: bool = False) -> None:
    _write(folder, {"refusal": reason, "stopped": stopped})


def read_outcome(folder: Path) -> Reading | Refused | None:
    """The reading that was laid down in a folder, else the refusal, else None."""
    path = folder / _OUTCOME
    if not path.is_file():
        return None
    outcome = json.loads(path.read_text(encoding="utf-8"))
    if "refusal" in outcome:
        return Refused(str(outcome["refusal"]), bool(outcome["stopped"]))
    texts = outcome["reading"]
    for name in ("found", "changes", "writers"):
        texts[name] = tuple(texts[name])
    texts["problems"] = tuple(Problem(*problem) for problem in texts["problems"])
    files = {name: folder / f"{name}.npy" for name in _ARRAYS}
    arrays: dict[str, Any] = {
        name: np.load(file, allow_pickle=False) if file.is_file() else None for name, file in files.items()
    }
    return Reading(**texts, **arrays)


def _write(folder: Path, outcome: dict[str, Any]) -> None:
    # Text of a hostile file may hold lone surrogates: JSON's escapes carry them, an encoder would stumble.
    (folder / _OUTCOME).write_text(json.dumps(outcome), encoding="ascii")
