"""Check whether runs were tested on the same images: only then can their accuracies be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digits_core.runs.rows import Run

TestImages = tuple[tuple[str, str], ...]
"""The identity of a set of test images: the name and the fingerprint of each dataset that they are from."""


def images_tested_on(runs: Sequence[Run]) -> list[TestImages | None]:
    """Return what each run was tested on, equal for the same images; `None` if the run has not recorded it.

    A dataset without test images, as handwriting is at first, is ignored. Older runs have recorded whole datasets:
    which test images these hold is known from newer runs among `runs`, if at all.
    """
    parts = {
        noted: part
        for run in runs
        for name, part in run.environment.get("tested_on", {}).items()
        if (noted := _as_a_whole(run, name))
    }
    return [_images_of(run, parts) for run in runs]


def _images_of(run: Run, parts: Mapping[tuple[str, str], str]) -> TestImages | None:
    tested = run.environment.get("tested_on")
    if tested is not None:
        return tuple((name, tested[name]) for name in run.config.data.test if name in tested)
    noted = [each for name in run.config.data.test if (each := _as_a_whole(run, name))]
    if len(noted) < len(run.config.data.test):
        return None
    return tuple((each[0], parts.get(each, each[1])) for each in noted)


def _as_a_whole(run: Run, name: str) -> tuple[str, str] | None:
    """Return a dataset's name and a string that identifies its state and its split by writers."""
    fingerprint = run.environment.get("datasets", {}).get(name)
    return (name, " ".join((fingerprint, *run.config.data.test_writers))) if fingerprint else None


def share_test_images(first: Run, second: Run) -> bool:
    """Return True if both runs were tested on the same images in the same order."""
    one, other = images_tested_on([first, second])
    return one is not None and one == other
