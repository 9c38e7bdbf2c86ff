"""Examine one hand-in: test its networks on digits that the class never saw, and check that its numbers are consistent.

All of that happens in a separate process, `python -m digits_core.lessons.examination FILE FOLDER LIMITS`, which
outputs nothing but plain text. FOLDER has the digits, as `write_digits` puts them there.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from digits_core.data.digits import Digits
from digits_core.data.readers.apart import answer_apart, ask_apart
from digits_core.data.readers.file_contents import Refusal
from digits_core.data.readers.limits import MIB, Limits, confine_this_process
from digits_core.lessons.hand_in_files import LIMITS, Manifest
from digits_core.lessons.hand_in_reader import read_hand_in
from digits_core.lessons.run_examiner import ExaminedRun, examine_run

HIDDEN = "hidden"
"""The name of the file with the digits that the class never saw."""


class Examination(BaseModel):
    """The examination of a readable hand-in: its manifest, the lesson's text, and its examined runs."""

    model_config = ConfigDict(frozen=True)

    manifest: Manifest
    lesson: str
    runs: tuple[ExaminedRun, ...]


def examine_apart(path: Path, folder: Path, limits: Limits = LIMITS) -> Examination:
    """Read a hand-in and examine its runs in a separate process.

    Args:
        path: The zip.
        folder: With the digits, as `write_digits` puts them there.
        limits: Bounds on the cost of the examination.

    Raises:
        Refusal: It is not a hand-in, or cannot be read; the message continues after its name.
    """
    if not path.is_file():
        raise Refusal("is not a file.")
    if path.stat().st_size > limits.file_bytes:
        raise Refusal(f"has more than the {limits.file_bytes // MIB} MiB that are read.")
    arguments = [str(path.absolute()), str(folder.absolute()), limits.to_json()]
    try:
        answer = ask_apart("digits_core.lessons.examination", arguments, limits)
    except OSError as error:
        raise Refusal(f"could not be read on this machine: {error.strerror or error}.") from error
    return Examination.model_validate_json(answer)


def write_digits(folder: Path, hidden: Digits, known: Sequence[Digits]) -> None:
    """Write the digits that `examine_apart` needs to `folder`.

    Args:
        hidden: Runs are tested on its test split.
        known: Whole datasets that runs may have been tested on.
    """
    for name, digits in ((HIDDEN, hidden), *((f"known-{each.name}", each) for each in known)):
        np.savez(folder / f"{name}.npz", images=digits.images, labels=digits.labels, test=digits.test)


def read_digits(folder: Path) -> tuple[Digits, dict[str, Digits]]:
    """Return what `write_digits` was given: the hidden digits, and the known datasets by name."""
    found = {}
    for path in folder.glob("*.npz"):
        with np.load(path, allow_pickle=False) as file:
            name = path.stem.removeprefix("known-")
            found[path.stem] = Digits(name, file["images"], file["labels"], file["test"])
    hidden = found.pop(HIDDEN)
    return hidden, {digits.name: digits for digits in found.values()}


def examine(content: bytes, hidden: Digits, known: Mapping[str, Digits], limits: Limits = LIMITS) -> Examination:
    """Read a hand-in and examine its runs, in this process; raise `Refusal` like `examine_apart`."""
    hand_in = read_hand_in(content, limits)
    runs = tuple(examine_run(run, hidden, known) for run in hand_in.runs)
    return Examination(manifest=hand_in.manifest, lesson=hand_in.lesson, runs=runs)


def main(path: Path, folder: Path, limits: Limits) -> None:
    """Examine the hand-in at `path`, and write the result to standard output."""
    # Before the limits apply: its libraries take gigabytes of address space, and use what a hand-in may not.
    import torch

    import digits_core.evaluation.run_network
    import digits_core.training.optimisation  # noqa: F401

    torch.set_num_threads(1)
    hidden, known = read_digits(folder)
    confine_this_process(limits)
    sys.stdout.write(
        answer_apart(
            lambda: examine(path.read_bytes(), hidden, known, limits).model_dump_json(ensure_ascii=True), limits
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Limits.from_json(sys.argv[3]))
