"""What a file holds, as its reader finds it and as it can be stored; and why a file, or an entry of it, is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
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
SPLITS = ("train", "validation", "", "test")
"""The splits of lists, in the order in which a dataset has them; "" for a list without a name."""
_SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "t10k": "test",
}
_IMAGES = {"images", "image", "x", "data", "pixels", "digits", "tensors", "features"}
_LABELS = {"labels", "label", "y", "target", "targets", "classes"}
_NOT_IN_WORDS = re.compile(r"[^a-z0-9]+")


class Refusal(Exception):
    """A file is refused. The text follows the file's name: "wants to call os.system: …"."""


@dataclass(frozen=True)
class Refused:
    """Why a file was not read, as a text that follows its name; `stopped` if the machine is the cause, not the file."""

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


Images = np.ndarray | list[np.ndarray | Unusable]
Labels = np.ndarray | list[int | None]


@dataclass
class Part:
    """One list of a file. split: "train", "test", "validation", or "" if the list has no name.

    images: an array (N, …), or a list of arrays, with an `Unusable` in place of each image that cannot be used;
    labels: one for each image. `place` names the entry at an index so that a user can find it.
    """

    split: str
    images: Images
    labels: Labels
    place: Callable[[int], str]


@dataclass(frozen=True)
class Contents:
    """The lists of a file as its reader found them, before their values are interpreted.

    changes: what the reader did to the images, in sentences. Only an export of this app has `test`, true for each
    entry that is for testing, and `writers`, a name for each entry or none: its images are kept as they are.
    """

    format: str
    parts: list[Part]
    changes: tuple[str, ...] = ()
    test: np.ndarray | None = None
    writers: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reading:
    """What a file holds, ready to be stored; nothing is stored yet.

    images: uint8 (N, H, W), ink bright on a dark ground, of the good entries only; labels: int64 (N,), 0 to 9;
    test: bool (N,) if the file has lists for training and testing, else None; writers: N names, or none.
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
        """Return the good entries as a dataset: split as in the file, else like datasets without lists of their own."""
        test = self.test if self.test is not None else stratified_split(self.images, self.labels)
        return Digits(name, self.images, self.labels, test, self.writers)


def counted(split: str) -> Callable[[int], str]:
    """Return a function that names entries by their index in their list, from 0: "train entry 17"."""
    word = f"{split} entry" if split else "entry"
    return lambda index: f"{word} {index}"


def split_named(word: str) -> str:
    """Return the split that a word stands for, or "" if it stands for none."""
    return _SPLITS.get(word.lower(), "")


def split_within(name: str) -> str:
    """Return the split of the first word in a name that stands for one, or "" if there is none."""
    return next(filter(None, map(split_named, _NOT_IN_WORDS.split(name.lower()))), "")


def role_of(name: Any) -> tuple[str, str] | None:
    """Return the split and the role that a name states: ("train", "images") for "x_train"; None if neither."""
    if isinstance(name, bytes):
        name = name.decode("latin1")
    if not isinstance(name, str) or len(name) > 40:
        return None
    words, split = {*_NOT_IN_WORDS.split(name.lower())}, split_within(name)
    role = "labels" if _LABELS & words else "images" if _IMAGES & words else ""
    return (split, role) if split or role else None


def by_role(things: Mapping[Any, Any]) -> dict[tuple[str, str], Any]:
    """Return things by the `role_of` their names, the first of each; things without a role are left out."""
    found: dict[tuple[str, str], Any] = {}
    for name, thing in things.items():
        if role := role_of(name):
            found.setdefault(role, thing)
    return found


def write_reading(reading: Reading, folder: Path) -> None:
    """Write a reading to a folder, as plain arrays and JSON, which cannot hold code."""
    for name in _ARRAYS:
        if (array := getattr(reading, name)) is not None:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
    texts = {name: getattr(reading, name) for name in _TEXTS}
    problems = [(problem.entry, problem.reason) for problem in reading.problems]
    _write(folder, {"reading": {**texts, "problems": problems}})


def write_refusal(reason: str, folder: Path, stopped: bool = False) -> None:
    _write(folder, {"refusal": reason, "stopped": stopped})


def read_outcome(folder: Path) -> Reading | Refused | None:
    """Return the reading or the refusal that was written to a folder; None if there is neither."""
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
    # Text of a hostile file may hold lone surrogates: JSON's escapes carry them, an encoder would fail.
    (folder / _OUTCOME).write_text(json.dumps(outcome), encoding="ascii")
