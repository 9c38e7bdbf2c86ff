"""The labelled boxes on a sheet, and their way to the canvas and back. Knows no widgets.

The canvas keeps what is drawn as a list of objects with no name of their own. Each box that we send therefore carries
the number of the drawing and its place in it in `strokeDashOffset`, which shows only on dashed lines, which none is.
What comes back from an older drawing than the last one sent is told by that and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box

SURE = 0.9
"""A proposed label with a lower probability is marked for a look."""
HEADROOM = 24
"""Canvas pixels above the sheet, where the labels of its first row have their place."""
CLEAR = "rgba(0, 0, 0, 0)"
SMALLEST = 5
"""Canvas pixels: a narrower or lower box came from a click and not from drawing."""

_PLACES = 10_000  # more than there are boxes on a sheet
_NO_LABEL_COLOUR, _LEFT_OUT_COLOUR = "#3d4258", "#a3a8b8"


@dataclass(frozen=True)
class LabelledBox:
    """A digit on a sheet: where, which, how sure a network was of that (`None`: a person said it), whether it stays."""

    box: Box
    label: int | None = None
    sure: float | None = None
    keep: bool = True

    @property
    def unsure(self) -> bool:
        return self.label is not None and self.sure is not None and self.sure < SURE

    @property
    def words(self) -> str:
        """What the canvas writes on the box."""
        if not self.keep:
            return "×"
        return f"{'' if self.label is None else self.label}{'?' * (self.label is None or self.unsure)}"

    def labelled(self, label: int | None, sure: float | None = None) -> LabelledBox:
        return replace(self, label=label, sure=sure)


@dataclass(frozen=True)
class Boxes:
    """The boxes of a sheet in reading order as they are now, and as the canvas was last given them.

    scale: canvas pixels for a pixel of the sheet; turn: the number of the drawing that was sent.
    """

    now: tuple[LabelledBox, ...]
    scale: float
    sent: tuple[LabelledBox, ...]
    turn: int = 1

    @classmethod
    def found(cls, boxes: Iterable[Box], scale: float) -> Boxes:
        found = tuple(LabelledBox(box) for box in boxes)
        return cls(found, scale, found)

    def changed(self, now: Iterable[LabelledBox]) -> Boxes:
        """With other boxes, which the canvas is to be sent; the same where nothing is different."""
        now = tuple(now)
        return self if now == self.now else self.resent(now)

    def resent(self, now: Iterable[LabelledBox]) -> Boxes:
        now = tuple(now)
        return replace(self, now=now, sent=now, turn=self.turn + 1)

    def drawing(self, colours: Sequence[str], font_size: int) -> dict[str, Any]:
        """What the canvas is to show, as its `initial_drawing`: each label in the colour of its digit."""
        objects = [
            {
                "type": "LabeledRect", "originX": "left", "originY": "top", "fill": CLEAR, "strokeWidth": 2,
                "left": each.box.left * self.scale, "top": each.box.top * self.scale + HEADROOM,
                "width": each.box.width * self.scale, "height": each.box.height * self.scale,
                "label": each.words, "fontSize": font_size, "strokeUniform": True, "lockRotation": True,
                "stroke": _colour(each, colours), "strokeDashOffset": self.turn * _PLACES + place,
            }
            for place, each in enumerate(self.sent)
        ]  # fmt: skip
        return {"objects": objects, "turn": self.turn}  # a turn for each, because the canvas loads no equal one twice

    def as_drawn(self, drawing: dict[str, Any] | None) -> Boxes:
        """With what was moved, resized, added, removed and relabelled on the canvas; too small a box is not kept.

        drawing: what the canvas reports, its objects scaled by `scaleX` and `scaleY`.
        """
        objects = [each for each in (drawing or {}).get("objects", []) if each.get("type") == "LabeledRect"]
        marks = [int(each.get("strokeDashOffset") or 0) for each in objects]
        if any(mark and mark // _PLACES != self.turn for mark in marks):
            return self
        now, clicks = [], 0
        for mark, each in zip(marks, objects, strict=True):
            width, height = each["width"] * each.get("scaleX", 1), each["height"] * each.get("scaleY", 1)
            if min(width, height) < SMALLEST:
                clicks += 1
                continue
            before = self.sent[mark % _PLACES] if mark else None
            now.append(
                _read(
                    each.get("label", ""), self._on_sheet(each["left"], each["top"] - HEADROOM, width, height), before
                )
            )
        return self.resent(now) if clicks else replace(self, now=tuple(now))

    def _on_sheet(self, *canvas: float) -> Box:
        from digits_core.recognition.segment import Box  # loads scikit-image, which a page without a sheet need not

        return Box(*(round(side / self.scale) for side in canvas))


def _read(words: str, box: Box, before: LabelledBox | None) -> LabelledBox:
    """A box as the canvas has it; `before` is what it was sent as."""
    if before is not None and words == before.words:
        return replace(before, box=box)
    digit = re.search(r"[0-9]", words)
    return LabelledBox(box, int(digit.group()) if digit else None)


def _colour(each: LabelledBox, colours: Sequence[str]) -> str:
    if not each.keep:
        return _LEFT_OUT_COLOUR
    return _NO_LABEL_COLOUR if each.label is None else colours[each.label]


def with_line(boxes: Sequence[LabelledBox], line: Sequence[int], label: int) -> list[LabelledBox]:
    """The boxes whose places are in `line` get one label, given by a person."""
    return [each.labelled(label) if place in line else each for place, each in enumerate(boxes)]


def with_lines_counted(boxes: Sequence[LabelledBox], lines: Sequence[Sequence[int]]) -> list[LabelledBox]:
    """The first line is all 0, the second all 1, …, the eleventh 0 again."""
    counted = list(boxes)
    for number, line in enumerate(lines):
        counted = with_line(counted, line, number % 10)
    return counted


def with_proposals(boxes: Sequence[LabelledBox], labels: Sequence[tuple[int, float] | None]) -> list[LabelledBox]:
    """What a network says of each box, with its probability; what a person said stays."""
    return [
        each if proposed is None or (each.label is not None and each.sure is None) else each.labelled(*proposed)
        for each, proposed in zip(boxes, labels, strict=True)
    ]
