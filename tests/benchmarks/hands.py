"""How well Robust reads what real people drew, scanned and photographed: `python -m tests.benchmarks hands`.

The pictures have various or no licences, so they are not part of the project: where `../shared/hands` is missing there
is nothing to measure, and the program says so. `index.json` there has file, kind and label (digits in reading order).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from digits_core.data.builtin import read_mnist_5k, read_optdigits
from digits_core.data.picture import read_picture
from digits_core.data.strokes import read_strokes
from digits_core.errors import PictureError
from digits_core.recognition.out_of_distribution import Refusal, calibrate
from digits_core.recognition.recogniser import Recogniser
from digits_core.training.recipes import find
from tests.benchmarks.measurement import Measurement, Target, counted, measured
from tests.benchmarks.recognition_accuracy import trained
from tests.benchmarks.report import ROOT

HANDS = ROOT.parent / "shared" / "hands"
SINGLE = {
    "photo": 97.0,
    "photo-28": 98.0,
    "canvas": 98.0,
    "paint-28": 98.0,
    "newspaper-cell": 93.0,
    "scan-cell": 97.0,
}
"""The kinds of pictures of one digit, with the least percentage to read."""
MANY = {"row": (85.0, 98.0), "sheet": (80.0, 98.0)}
"""The kinds of pictures of several, with the least percentages of pictures read wholly and of digits."""
NO_DIGITS = "not-a-digit"


@dataclass(frozen=True)
class Read:
    """What was read in a picture: its kind, its label, the text, which digits were refused, and the milliseconds."""

    kind: str
    label: str
    text: str
    refused: tuple[bool, ...]
    milliseconds: float

    @property
    def right(self) -> bool:
        return self.text == self.label


def measurements(quick: bool) -> Iterator[Measurement]:
    """The kinds of pictures one after the other, read by a fresh Robust; of each every tenth where it is quick."""
    if not (HANDS / "index.json").is_file():
        yield counted("real hands, pictures", "", 0, note="skipped: ../shared/hands is missing")
        return
    config = find("Robust").config
    recogniser, *_ = trained(config)
    sets = {"optdigits": read_optdigits(), "mnist-5k": read_mnist_5k(), "strokes": read_strokes()}
    refusal = calibrate(
        recogniser, *([sets[name] for name in names] for names in (config.data.train, config.data.test))
    )
    yield from table(read_all(recogniser, refusal, HANDS, 10 if quick else 1))


def read_all(recogniser: Recogniser, refusal: Refusal, folder: Path, step: int = 1) -> list[Read]:
    """Read every `step`th picture of a folder with an `index.json`."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [_read(recogniser, refusal, folder / each["file"], each["kind"], each["label"]) for each in index[::step]]


def _read(recogniser: Recogniser, refusal: Refusal, file: Path, kind: str, label: str) -> Read:
    began = time.perf_counter()
    try:
        answers = [each.answer for each in recogniser.read_picture(read_picture(file.read_bytes()))]
    except PictureError:
        answers = []
    refused = tuple(not refusal.accepts(answer) for answer in answers)
    text = "".join(str(answer.digit) for answer in answers)
    return Read(kind, label, text, refused, 1000 * (time.perf_counter() - began))


def table(reads: Sequence[Read]) -> Iterator[Measurement]:
    """Return what the issue's table has: right and refused by kind, and the time."""
    single = [read for read in reads if read.kind in SINGLE]
    for kind, least in [*SINGLE.items(), ("all single", 96.5)]:
        of_kind = [read for read in single if kind in (read.kind, "all single")]
        if of_kind:
            yield _share(f"{kind}, right", [read.right for read in of_kind], Target(least, True))
    right, wrong = ([read for read in single if read.right is is_right and read.text] for is_right in (True, False))
    if right:
        yield _share("right but refused", [any(read.refused) for read in right], Target(3))
    if wrong:
        yield _share("wrong and refused", [all(read.refused) for read in wrong], Target(50, True))
    for kind, (whole, digits) in MANY.items():
        if of_kind := [read for read in reads if read.kind == kind]:
            yield _share(f"{kind}, wholly right", [read.right for read in of_kind], Target(whole, True))
            count = sum(len(read.label) for read in of_kind)
            found = sum(digits_right(read.text, read.label) for read in of_kind)
            yield counted(f"{kind}, digits right", "%", 100 * found / count, Target(digits, True), f"of {count}")
    if letters := [read for read in reads if read.kind == NO_DIGITS]:
        yield _share("letters refused", [all(read.refused) for read in letters], Target(70, True))
    if reads:
        yield measured("a picture", "ms", [read.milliseconds for read in reads])


def digits_right(text: str, label: str) -> int:
    """Return how many digits of a label are read, in its order."""
    return sum(block.size for block in SequenceMatcher(None, text, label, autojunk=False).get_matching_blocks())


def _share(what: str, values: Sequence[bool], target: Target) -> Measurement:
    return counted(what, "%", 100 * sum(values) / len(values), target, f"of {len(values)}")
