"""Pictures of digits with predictions, as parts of a document: mistakes, and own digits before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digits_core.evaluation.before_after import BeforeAfter
from digits_core.evaluation.comparison.paired_answers import disagreement
from digits_core.evaluation.metrics import Answers
from digits_core.evaluation.test_set import TestSet
from digits_core.markup import Html, as_html, joined, picture
from digits_core.reports.document import Section
from digits_core.runs.store import Run

MOST_PICTURES = 24
"""The most pictures in a group: a few rows on a page."""
IN_ALL = 72
"""The most pictures of one kind in a report, shared by its runs: about one and a half pages of A4."""
SIDE = 44


@dataclass(frozen=True)
class OwnDigits:
    """Held-out digits of one writer with the predictions of two runs."""

    writer: str
    before: Run
    after: Run
    read: BeforeAfter


def mistakes(answers: Answers, images: TestSet, most: int = MOST_PICTURES) -> Html:
    """Show a run's most confident mistakes as pictures, with their total number."""
    places = answers.where(wrong=True)
    if not len(places):
        return Html(f"<p>None: all {len(answers):,} test images are read right.</p>")
    shown = places[:most]
    which = "all of them" if len(shown) == len(places) else f"the {len(shown)} of which it was surest"
    tiles = [_mistake(answers, images, int(place)) for place in shown]
    words = f"{len(places):,} of {len(answers):,} test images read wrong; shown: {which}, as true digit → answer."
    return joined([Html(f"<p>{words}</p>"), gallery(tiles)])


def only_one_right(first: Run, second: Run, answers: tuple[Answers, Answers], images: TestSet) -> Html:
    """Show the images that only one of two runs recognises. Raises `ValueError` if the test images differ."""
    found = disagreement(*answers)
    parts = []
    for run, other, places, wrong in (
        (first, second, found.only_first_right, found.second),
        (second, first, found.only_second_right, found.first),
    ):
        title = f"{len(places):,} read only by {run.title}; below each its digit → what {other.title} says."
        tiles = [
            tile(images.image(int(place)), f"{found.labels[place]} → {wrong[place]}", "A digit that one run reads")
            for place in places[:MOST_PICTURES]
        ]
        parts.append(joined([Html(f"<p>{as_html(title)}</p>"), gallery(tiles)]))
    return joined(parts)


def own_digits(own: OwnDigits) -> Section:
    """Show the earlier and the later run's predictions for a writer's held-out digits, changed ones first."""
    read, count = own.read, len(own.read.labels)
    results = [
        f"{run.title}: {read.right(answers)} of {count} right ({100 * read.right(answers) / count:.0f} %)"
        for run, answers in ((own.before, read.before), (own.after, read.after))
    ]
    order = np.argsort(read.before == read.after, kind="stable")[:IN_ALL]
    tiles = [
        tile(
            read.images[place],
            f"{read.labels[place]}: {read.before[place]} → {read.after[place]}",
            f"A {read.labels[place]}, read as {read.before[place]} before and as {read.after[place]} after",
            right=bool(read.after[place] == read.labels[place]),
        )
        for place in order
    ]
    words = (
        f"Digits of {own.writer} that no run was trained on. Before, {results[0]}. After, {results[1]}. "
        "Below each its digit: the answer before → after, in bold if that is right; those that changed come first."
    )
    return Section("Own digits before and after", joined([Html(f"<p>{as_html(words)}</p>"), gallery(tiles)]))


def gallery(tiles: Sequence[Html]) -> Html:
    return Html(f'<div class="tiles">{joined(tiles)}</div>')


def tile(image: np.ndarray, words: str, label: str, right: bool = False) -> Html:
    """Return an image, uint8 (H, W), with a caption; `label` is its alternative text for screen readers."""
    kind = ' class="right"' if right else ""
    return Html(f"<figure{kind}>{picture(image, label, SIDE)}<figcaption>{as_html(words)}</figcaption></figure>")


def _mistake(answers: Answers, images: TestSet, place: int) -> Html:
    label, answer, sure = int(answers.labels[place]), int(answers.digits[place]), answers.confidence[place]
    return tile(images.image(place), f"{label} → {answer}", f"A {label} read as {answer}, {sure:.0%} sure")
