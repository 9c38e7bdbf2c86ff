"""The images that a run was tested on, in the order of its stored predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from digits_core.config import DataConfig
from digits_core.data.digits import Digits
from digits_core.errors import DatasetError
from digits_core.runs.rows import Run
from digits_core.training.check import choose_test_digits

Load = Callable[[str], Digits]

GROWN_AT_MOST = 200
"""Lengths tried for a dataset that may have grown: between two test images of handwriting lie far fewer images."""


class Part(NamedTuple):
    """One dataset's contribution to a test set: the indices of its test images, int64 (n,), in the stored dataset."""

    digits: Digits
    places: np.ndarray


class TestSet:
    """The test images of one or more datasets, which may differ in size. Nothing is copied until it is accessed."""

    __test__ = False  # keeps pytest from collecting this class

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part.places) for part in parts])
        self.labels = np.concatenate([part.digits.labels[part.places] for part in parts])
        """int64 (N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, number: int) -> np.ndarray:
        """Return the image with that number, 0 to N - 1, as its dataset has it: uint8 (H, W), bright ink."""
        digits, place = self._find(number)
        return digits.images[place]

    def place(self, number: int) -> tuple[str, int]:
        """Return where the image with that number comes from: the name of its dataset, and its index there."""
        digits, place = self._find(number)
        return digits.name, place

    def images(self) -> list[np.ndarray]:
        """Return all images in order, as a copy: uint8 (n, H, W) for each dataset."""
        return [part.digits.images[part.places] for part in self._parts]

    def _find(self, number: int) -> tuple[Digits, int]:
        if not 0 <= number < len(self):
            raise IndexError(f"{number} is not one of the {len(self)} test images")
        which = int(np.searchsorted(self._ends, number, side="right"))
        part = self._parts[which]
        return part.digits, int(part.places[number - self._ends[which] + len(part.places)])


def test_set_of(data: DataConfig, load: Load) -> TestSet:
    """Return the test set of a training on `data`, in the order of testing; raise `DatasetError` if data is missing."""
    return TestSet([part for _, part in _parts(data, load)])


def test_set_of_run(run: Run, load: Load) -> TestSet:
    """Return the images behind a run's stored predictions, in their order.

    Raises `DatasetError` if they are no longer available: a dataset is missing, or has changed since the run began. One
    that has only grown since, as handwriting does, still has them.
    """
    try:
        parts = _parts(run.config.data, load)
    except DatasetError as error:
        raise DatasetError(f"The test images of this run cannot be shown. {error}") from error
    known = run.environment.get("datasets", {})
    changed = [split.name for split, _ in parts if known.get(split.name) != split.fingerprint]
    asked = run.environment.get("images", {}).get("test", 0)
    room = asked - sum(len(part.places) for split, part in parts if split.name not in changed)
    return TestSet(
        [part if split.name not in changed else _before_it_grew(split, part, room, known) for split, part in parts]
    )


def _parts(data: DataConfig, load: Load) -> list[tuple[Digits, Part]]:
    """Return the datasets to test on, as the training splits them and as they are stored."""
    load = cache(load)
    splits = choose_test_digits(data, load)
    return [(split, _part(split, data, load(split.name))) for split in splits]


def _part(split: Digits, data: DataConfig, whole: Digits) -> Part:
    # A dataset split by writer lacks the other writers' test images, so its indices differ from those of the whole.
    if split is whole:
        return Part(whole, whole.indices("test"))
    return Part(whole, np.flatnonzero(np.isin(whole.writers, data.test_writers)))


def _before_it_grew(split: Digits, part: Part, tested: int, known: Mapping[str, str]) -> Part:
    """Return the first `tested` images of a part that has changed, if images were only added at its end."""
    places = split.indices("test")
    if split.name in known and 0 < tested <= len(places):
        shortest = int(places[tested - 1]) + 1
        longest = int(places[tested]) if tested < len(places) else len(split)
        for count in range(shortest, min(longest, shortest + GROWN_AT_MOST) + 1):
            if _first(split, count).fingerprint == known[split.name]:
                return part._replace(places=part.places[:tested])
    raise DatasetError(
        f"The test images of this run cannot be shown: {split.name} has changed since it was trained. Its figures "
        "are those of the images of that time; train it again to see the images of now."
    )


def _first(digits: Digits, count: int) -> Digits:
    return Digits(digits.name, digits.images[:count], digits.labels[:count], digits.test[:count])
