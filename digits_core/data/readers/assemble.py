"""From a file's contents to a `Reading`: one size, 0 to 255, ink bright, and sentences on what was found and done."""

from __future__ import annotations

import numpy as np

from digits_core.data.digits import CLASSES
from digits_core.data.readers.columns import Columns, chunks_of, columns_of
from digits_core.data.readers.file_contents import Contents, Problem, Reading, Refusal
from digits_core.data.readers.limits import Limits
from digits_core.data.readers.ranges import Range, is_dark_on_light, other_way_round, range_of

MAX_PROBLEMS = 1000


def assembled(contents: Contents, limits: Limits) -> Reading:
    """Assemble the reading of a file; raises `Refusal` if no entry can be used or if our own export was changed."""
    own = contents.test is not None  # known to be 0 to 255 with bright ink: nothing to detect
    columns = columns_of(contents.parts, limits)
    images, ranges = _in_bytes(columns, own)
    good = np.ones(len(columns.labels), dtype=bool)
    good[list(columns.problems)] = False
    problems = _problems(columns)
    if not good.any():
        reason = f": {problems[0].entry}, for one: {problems[0].reason}." if problems else "."
        raise Refusal(f"holds no image of a digit that can be used{reason}")
    if own and problems:
        raise Refusal("calls itself an export of this app, but not all its labels are digits. Export it again.")
    images, labels = images[good], columns.labels[good]
    dark = not own and is_dark_on_light(images)
    if dark:
        images = 255 - images
    return Reading(
        format=contents.format,
        images=np.ascontiguousarray(images),
        labels=labels,
        test=contents.test if own else _test(columns, good),
        writers=contents.writers,
        found=tuple(_found(contents, columns, images, labels, ranges, dark)),
        changes=() if own else (*contents.changes, *_changes(columns, ranges, dark)),
        original_range=" and ".join(str(each) for each in ranges),
        problems=tuple(problems),
        problem_count=len(columns.problems),
    )


def _in_bytes(columns: Columns, own: bool) -> tuple[np.ndarray, list[Range]]:
    """Return all images as uint8 (N, H, W), 0 for entries with a problem, and their original ranges, one per type."""
    shape = columns.blocks[0].values.shape[1:] if columns.blocks else (1, 1)
    images = np.zeros((len(columns.labels), *shape), dtype=np.uint8)
    ranges: dict[Range, None] = {}
    for block in columns.blocks:
        found = Range(0, 255, "uint8") if own else range_of(block, columns.problems)
        if found is None:
            continue
        ranges[found] = None
        for values, entries in chunks_of(block):
            good = [entry not in columns.problems for entry in entries.tolist()]
            images[entries[good]] = found.spread(values[good])
    return images, list(ranges)


def _problems(columns: Columns) -> list[Problem]:
    first = sorted(columns.problems)[:MAX_PROBLEMS]
    return [Problem(columns.place(entry), columns.problems[entry]) for entry in first]


def _test(columns: Columns, good: np.ndarray) -> np.ndarray | None:
    """Mark the good entries that are for testing; None unless the file has both kinds."""
    test = (columns.split == "test")[good]
    return test if test.any() and not test.all() else None


def _found(
    contents: Contents, columns: Columns, images: np.ndarray, labels: np.ndarray, ranges: list[Range], dark: bool
) -> list[str]:
    height, width = images.shape[1:]
    counts = np.bincount(labels, minlength=CLASSES)
    sentences = [
        _lists(columns),
        f"Images of {width} × {height} pixels, values from {' and '.join(str(each) for each in ranges)}.",
        "Dark ink on light paper." if dark else "Bright ink on a dark ground.",
        f"Between {counts.min():,} and {counts.max():,} images of each digit.",
    ]
    if missing := [str(digit) for digit in np.flatnonzero(counts == 0)]:
        sentences[-1] = f"No image of {', '.join(missing)}; up to {counts.max():,} of each other digit."
    if contents.test is not None:
        tested = contents.test.sum()
        sentences.append(f"{len(contents.test) - tested:,} for training and {tested:,} for testing.")
        return sentences + ([f"{len(set(contents.writers)):,} writers."] if contents.writers else [])
    if odd := other_way_round(images):
        sentences.append(f"{odd:,} of the images look the other way round: mostly light where the others are dark.")
    if count := len(columns.problems):
        sentences.append(f"{count:,} {'entries are' if count > 1 else 'entry is'} wrong.")
    return sentences


def _lists(columns: Columns) -> str:
    named = [f"a {part.split or 'nameless'} list of {len(part.images):,}" for part in columns.parts]
    if len(named) == 1:
        called = f", all in its {columns.parts[0].split} list" if columns.parts[0].split else " in one list"
        return f"{len(columns.labels):,} images{called}."
    return f"{', '.join(named[:-1])} and {named[-1]} images.".capitalize()


def _changes(columns: Columns, ranges: list[Range], dark: bool) -> list[str]:
    changes = ["Colours become grey."] if columns.had_colour else []
    for found in ranges:
        if not found.is_plain:
            changes.append(f"Values from {found} are spread over 0 to 255.")
        elif found.dtype != "uint8":
            changes.append(f"Values from {found} are stored as uint8.")
    if dark:
        changes.append("Inverted: the file has dark ink on light paper.")
    if "validation" in columns.split:
        changes.append("The validation list is used for training.")
    splits = set(columns.split.tolist())
    if "test" not in splits or splits == {"test"}:
        changes.append("Split by us: 20 % of each digit are set aside for testing.")
    return changes
