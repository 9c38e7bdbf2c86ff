"""How well digits are found on photos of whole sheets: `python -m tests.benchmarks.sheets`.

Renders 80 sheets of digits from the test split of mnist-5k, reads each as the Handwriting page does, and counts which
digits were found: a box counts for a digit where they share half of what both cover together. Then a run of the Robust
recipe, trained here, proposes a label for each box. The sheets that decide come from `HELD_BACK_SEED`; `--development`
takes the seed that tuning may look at.
"""

from __future__ import annotations

import argparse
import io
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from digits_core.data.catalogue import read_mnist_5k
from digits_core.data.picture import read_picture
from digits_core.errors import PictureError
from digits_core.recognition.recogniser import Recogniser
from digits_core.recognition.segment import Box
from digits_core.recognition.sheet import Sheet, ink_of, read_sheet
from digits_core.training.recipes import find
from tests.benchmarks.recognition_accuracy import trained
from tests.benchmarks.rendering import DEVELOPMENT_SEED, HELD_BACK_SEED
from tests.benchmarks.sheet_rendering import Conditions, SheetPhoto, all_conditions, photograph

OVERLAP = 0.5


@dataclass(frozen=True)
class Score:
    """What was found on one sheet: digits written, boxes, boxes on digits, right labels among those, seconds."""

    conditions: Conditions
    written: int
    boxes: int
    found: int
    right: int
    ordered: bool
    seconds: float
    megapixels: float

    def __str__(self) -> str:
        return (
            f"{self.conditions}: {self.found} of {self.written} found, {self.boxes - self.found} boxes on no digit, "
            f"{self.right} labels right{'' if self.ordered else ', rows mixed up'}"
        )


def overlap(one: Box, other: Box) -> float:
    """The area that two boxes share, as a share of what they cover together."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one.width * one.height + other.width * other.height - width * height)


def matches(written: list[Box], found: list[Box]) -> dict[int, int]:
    """Which found box, by its index, stands for which written digit; each at most once, the best overlap first."""
    pairs = sorted(
        ((overlap(one, other), i, j) for i, one in enumerate(written) for j, other in enumerate(found)), reverse=True
    )
    chosen: dict[int, int] = {}
    for share, i, j in pairs:
        if share >= OVERLAP and i not in chosen and j not in chosen.values():
            chosen[i] = j
    return chosen


def score(conditions: Conditions, sheet: SheetPhoto, recogniser: Recogniser | None) -> Score:
    """Read one sheet as the app does, from the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(sheet.photo).save(file, "PNG", compress_level=1)
    picture = read_picture(file.getvalue())
    began = time.perf_counter()
    try:
        read = read_sheet(picture)
    except PictureError:
        return Score(conditions, len(sheet.digits), 0, 0, 0, False, time.perf_counter() - began, sheet.photo.size / 3e6)
    seconds = time.perf_counter() - began
    chosen = matches([digit.box(read.from_photo) for digit in sheet.digits], list(read.boxes))
    labels = proposed(read, recogniser) if recogniser else {}
    right = sum(labels.get(j) == sheet.digits[i].label for i, j in chosen.items())
    return Score(
        conditions,
        len(sheet.digits),
        len(read.boxes),
        len(chosen),
        right,
        in_order(sheet, read, chosen),
        seconds,
        sheet.photo.size / 3e6,
    )


def proposed(sheet: Sheet, recogniser: Recogniser) -> dict[int, int]:
    """The label that a run proposes for each box, by the box's index."""
    inks = {}
    for index, box in enumerate(sheet.boxes):
        try:
            inks[index] = ink_of(sheet, box)
        except PictureError:
            continue
    return {index: answer.digit for index, answer in zip(inks, recogniser.read_all(list(inks.values())), strict=True)}


def in_order(sheet: SheetPhoto, read: Sheet, chosen: dict[int, int]) -> bool:
    """Whether the found boxes stand in the rows in which their digits were written."""
    written = {j: sheet.digits[i].row for i, j in chosen.items()}
    rows = [{written[j] for j in row if j in written} for row in read.rows()]
    return all(len(row) <= 1 for row in rows) and len(set.union(*rows)) == sum(map(len, rows))


def show(scores: list[Score]) -> None:
    """One line for all sheets and one for those under each condition."""
    groups = {"all": scores}
    for paper in ("plain", "ruled", "squared", "table"):
        groups[paper] = [each for each in scores if each.conditions.paper == paper]
    for view in ("above", "turned", "edges", "inside", "cut"):
        groups[f"seen {view}"] = [each for each in scores if each.conditions.view == view]
    for mark in ("shadow", "noise", "dashes"):
        groups[mark] = [each for each in scores if getattr(each.conditions, mark)]
    for low, high in ((30, 50), (50, 70), (70, 96)):
        groups[f"JPEG {low}–{high - 1}"] = [each for each in scores if low <= each.conditions.quality < high]
    print(f"{'':14}sheets  digits  recall  precision  labels right  rows right")
    for name, group in groups.items():
        written, boxes, found, right = (
            sum(getattr(each, part) for each in group) for part in ("written", "boxes", "found", "right")
        )
        print(
            f"{name:14}{len(group):6}{written:8}{found / max(1, written):8.1%}{found / max(1, boxes):11.1%}"
            f"{right / max(1, found):14.1%}{np.mean([each.ordered for each in group]):12.1%}"
        )
    seconds = np.array([each.seconds for each in scores])
    large = [each.seconds for each in scores if each.megapixels > 10]
    print(
        f"seconds a sheet: median {np.median(seconds):.2f}, at most {seconds.max():.2f}; "
        f"of more than 10 megapixels: median {np.median(large):.2f}, at most {max(large):.2f} ({len(large)} sheets)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--development", action="store_true", help="render with the seed that tuning may look at")
    parser.add_argument("--recipe", default="Robust", help='of the run that proposes labels; "" proposes none')
    parser.add_argument("--limit", type=int, help="read the first so many sheets only")
    options = parser.parse_args()

    recogniser = None
    if options.recipe:
        recogniser, test_accuracy, seconds = trained(find(options.recipe).config)
        print(
            f"{options.recipe}: {test_accuracy:.2%} on its own test set after {seconds:.1f} s of training", flush=True
        )
    images, labels = read_mnist_5k().of("test")
    seed = DEVELOPMENT_SEED if options.development else HELD_BACK_SEED
    scores = []
    for index, conditions in enumerate(all_conditions(seed)[: options.limit]):
        sheet = photograph(conditions, images, labels, np.random.default_rng((seed, index)))
        scores.append(score(conditions, sheet, recogniser))
        each = scores[-1]
        if not (each.found == each.written == each.boxes and each.ordered):
            print(each, flush=True)
    show(scores)


if __name__ == "__main__":
    main()
