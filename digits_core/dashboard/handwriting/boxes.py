"""The labelled boxes on a sheet, and how the editor's edits change them. Independent of widgets.

The editor identifies a box by its coordinates: no other identity is needed between server and browser, and an edit of a
box that has been removed meanwhile changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from digits_core.figures.palette import DIGIT_COLOURS

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

SURE = 0.9
"""A proposed label with a lower probability is marked for checking."""

_NO_LABEL_COLOUR, _LEFT_OUT_COLOUR = "#3d4258", "#7d8294"


@dataclass(frozen=True)
class LabelledBox:
    """A digit on a sheet: its box, its label, a network's probability for it (`None`: set by a person), whether it is
    saved.
    """

    box: Box
    label: int | None = None
    sure: float | None = None
    keep: bool = True

    @property
    def unsure(self) -> bool:
        return self.label is not None and self.sure is not None and self.sure < SURE

    @property
    def words(self) -> str:
        """The text that the editor draws on the box, after its number."""
        if not self.keep:
            return "×"
        return f"{'' if self.label is None else self.label}{'?' * (self.label is None or self.unsure)}"

    @property
    def name(self) -> str:
        """The description of the box for a screen reader."""
        if not self.keep:
            return "not saved"
        if self.label is None:
            return "no label"
        return f"labelled {self.label}" if self.sure is None else f"{self.label} proposed, {self.sure:.0%} sure"

    @property
    def colour(self) -> str:
        if not self.keep:
            return _LEFT_OUT_COLOUR
        return _NO_LABEL_COLOUR if self.label is None else DIGIT_COLOURS[self.label]

    def labelled(self, label: int | None, sure: float | None = None) -> LabelledBox:
        return replace(self, label=label, sure=sure)


@dataclass(frozen=True)
class Boxes:
    """The current boxes of a sheet.

    scale: screen pixels per pixel of the sheet.
    """

    now: tuple[LabelledBox, ...]
    scale: float

    @classmethod
    def found(cls, boxes: Iterable[Box], scale: float) -> Boxes:
        return cls(tuple(LabelledBox(box) for box in boxes), scale)

    def changed(self, now: Iterable[LabelledBox]) -> Boxes:
        """Return the boxes `now` at the same scale."""
        return replace(self, now=tuple(now))

    def sent(self, order: Sequence[int]) -> tuple[dict[str, Any], ...]:
        """Return what the browser draws of each box, numbered from 1 in the given order of their places."""
        return tuple(
            {
                "box": sides(each.box),
                "number": number,
                "words": each.words,
                "colour": each.colour,
                "name": f"Box {number}: {each.name}",
            }
            for number, each in enumerate((self.now[place] for place in order), 1)
        )


def sides(box: Box) -> tuple[int, int, int, int]:
    return int(box.left), int(box.top), int(box.width), int(box.height)


def box_of(sent: object, width: int, height: int) -> Box | None:
    """Return the box that the browser sent as four numbers, clipped to the sheet; `None` if it is invalid or empty."""
    from digits_core.recognition.segment import Box  # loads scikit-image, which a page without a sheet does not need

    match sent:
        case [int() | float() as left, int() | float() as top, int() | float() as wide, int() | float() as high]:
            left, top, right, bottom = (round(side) for side in (left, top, left + wide, top + high))
            left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
            return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None
    return None


def moved(boxes: Sequence[LabelledBox], box: Box, to: Box) -> list[LabelledBox]:
    """Move or resize a box; it keeps its label and its probability."""
    return [replace(each, box=to) if each.box == box else each for each in boxes]


def relabelled(boxes: Sequence[LabelledBox], box: Box, label: int) -> list[LabelledBox]:
    """Set the label of a box by hand, also of a box that was not to be saved."""
    return [replace(each.labelled(label), keep=True) if each.box == box else each for each in boxes]


def accepted(boxes: Sequence[LabelledBox], box: Box) -> list[LabelledBox]:
    """Accept the label that a network proposed as if it had been set by hand."""
    return [each.labelled(each.label) if each.box == box else each for each in boxes]


def without(boxes: Sequence[LabelledBox], box: Box) -> list[LabelledBox]:
    return [each for each in boxes if each.box != box]


def split(boxes: Sequence[LabelledBox], box: Box, parts: Sequence[Box]) -> list[LabelledBox]:
    """Replace a box by its parts; they are other digits, so they have no label."""
    return [new for each in boxes for new in ([LabelledBox(part) for part in parts] if each.box == box else [each])]


def joined(boxes: Sequence[LabelledBox], box: Box, other: Box) -> list[LabelledBox]:
    """Replace two boxes by one around both, without a label; change nothing if one of the two has been removed."""
    if box == other or not {box, other} <= {each.box for each in boxes}:
        return list(boxes)
    return [LabelledBox(box.joined(other)) if each.box == box else each for each in boxes if each.box != other]


def with_line(boxes: Sequence[LabelledBox], line: Sequence[int], label: int) -> list[LabelledBox]:
    """Label the boxes at the indices in `line` as if by hand."""
    return [each.labelled(label) if place in line else each for place, each in enumerate(boxes)]


def with_lines_counted(boxes: Sequence[LabelledBox], lines: Sequence[Sequence[int]]) -> list[LabelledBox]:
    """Label the first line 0, the second 1, …, the eleventh 0 again."""
    counted = list(boxes)
    for number, line in enumerate(lines):
        counted = with_line(counted, line, number % 10)
    return counted


def with_proposals(boxes: Sequence[LabelledBox], labels: Sequence[tuple[int, float] | None]) -> list[LabelledBox]:
    """Set a network's label and probability on each box; labels set by hand stay."""
    return [
        each if proposed is None or (each.label is not None and each.sure is None) else each.labelled(*proposed)
        for each, proposed in zip(boxes, labels, strict=True)
    ]
