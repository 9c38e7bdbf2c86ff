"""Uploaded pictures: their digits as found, read, and corrected by hand. Independent of widgets."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from digits_core.dashboard.handwriting import boxes
from digits_core.dashboard.handwriting.boxes import SURE, Boxes, LabelledBox
from digits_core.dashboard.handwriting.marks_back import halves
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.dashboard.packed import PackedSheet
from digits_core.dashboard.recognise.recognition_result import (
    THUMBNAIL,
    UNLIKE,
    Ink,
    Reading,
    in_words,
    judged,
    read,
    thumbnail,
)
from digits_core.data.handwriting_store import NewSample, Source
from digits_core.data.picture import read_picture
from digits_core.figures.recognition_figures import Boxed

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.marks import LeftOut
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.recognition.segment import Box
    from digits_core.recognition.turning import Read

WAYS: dict[Way, str] = {"auto": "Automatic", "one": "One digit", "many": "Several digits"}

READ_AS: dict[Way, str] = {"one": "Read as one digit", "many": "Read as a sheet"}


@dataclass
class Photo:
    """A picture and the digits found on it, kept in the session across reruns."""

    work: Work
    way: Way
    read_by: tuple[str, float | None] | None = None
    answers: dict[Box, Reading] = field(default_factory=dict)
    """The reading of each box that holds ink; `read_by` is the run, and its threshold if it had one."""
    as_found: tuple[Box, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    thumbnail: np.ndarray = field(default_factory=lambda: np.full((THUMBNAIL, THUMBNAIL), 255, np.uint8))
    _address: str = ""

    @property
    def size(self) -> int:
        """The size in the session, in bytes."""
        own = (
            self.work.size
            + self.thumbnail.nbytes
            + len(self._address)
            + sum(each.size_of_digits for each in self.answers.values())
        )
        return own + next((each.size - each.size_of_digits for each in self.answers.values()), 0)

    @property
    def address(self) -> str:
        """The picture as a data URL, encoded on first use."""
        if not self._address:
            self._address = as_address(self.work.sheet.picture)
        return self._address

    def read(
        self, recogniser: Recogniser, run_id: str, title: str, refusal: Refusal | None = None
    ) -> list[tuple[Box, Reading]]:
        """Return the reading of each box with ink, in reading order; only new boxes are read."""
        from digits_core.recognition.sheet import ink_of

        asked = (run_id, None if refusal is None else refusal.threshold)
        if self.read_by is None or self.read_by[0] != run_id:
            self.answers = {}
        elif self.read_by != asked:  # a threshold changes only which readings are refused
            self.answers = {box: judged(each, refusal) for box, each in self.answers.items()}
        self.read_by = asked
        new = [box for box in dict.fromkeys(self._with_ink()) if box not in self.answers]
        if new:
            sheet = self.work.sheet
            ink = Ink(sheet.picture, tuple(ink_of(sheet, box) for box in new), "upload", self.work.name)
            all_new = read(ink.with_small_picture(), recogniser, title, refusal)
            self.answers |= {box: all_new.only(place).packed() for place, box in enumerate(new)}
        return self.found()

    def found(self) -> list[tuple[Box, Reading]]:
        """Return the reading of each box with ink, in reading order, without reading new ones."""
        from digits_core.recognition.segment import rows_of

        read_in = [box for box in self._with_ink() if box in self.answers]
        order = [read_in[place] for row in rows_of(read_in) for place in row]
        return [(box, self.answers[box]) for box in order]

    def _with_ink(self) -> list[Box]:
        return [box for box in self.work.places if self.work.digit(box) is not None]

    def label(self, box: Box) -> int | None:
        """Return the label that a person gave a box, else the prediction; `None` for a box without ink."""
        given = next((each.label for each in self.work.boxes.now if each.box == box and each.sure is None), None)
        return given if given is not None else self._answer(box)

    @property
    def text(self) -> str:
        """All digits in reading order, a space between lines."""
        from digits_core.recognition.segment import rows_of

        kept = [each.box for each in self.work.boxes.now if each.keep and self.label(each.box) is not None]
        return " ".join("".join(str(self.label(kept[place])) for place in row) for row in rows_of(kept))

    def boxed_left_out(self) -> list[Boxed]:
        """Return the marks that were left out, for the figure."""
        return [
            Boxed(
                *(each.box.left, each.box.top, each.box.width, each.box.height), None, f"left out: {each.reason}", False
            )
            for each in self.left_out
        ]

    def boxed(self, chosen: Box | None = None) -> list[Boxed]:
        """Return all boxes to keep, for the figure; `chosen` is highlighted."""
        return [
            Boxed(
                *(each.box.left, each.box.top, each.box.width, each.box.height),
                self.label(each.box),
                self._words(each.box),
                self.given(each.box) or self._is_sure(each.box),
                each.box == chosen,
            )
            for each in self.work.boxes.now
            if each.keep
        ]

    def propose(self) -> None:
        """Label with the predictions the boxes that no person labelled, so that only wrong ones need correction."""
        proposed = tuple(
            each
            if each.box not in self.answers or (each.label is not None and each.sure is None)
            else each.labelled(self._answer(each.box), self.answers[each.box].answers[0].probability)
            for each in self.work.boxes.now
        )
        if proposed != self.work.boxes.now:
            self.work.change(proposed, undoable=False)

    def samples(self, writer: str) -> dict[Box, NewSample]:
        """Return the sample to save for each box, with the label of the box."""
        source: Source = "upload" if len(self.work.boxes.now) == 1 else "sheet"
        places = [each.box for each in self.work.to_save()]
        return {
            box: replace(sample, source=source) for box, sample in zip(places, self.work.samples(writer), strict=True)
        }

    def relabel(self, box: Box, label: int) -> None:
        self.work.change(boxes.relabelled(self.work.boxes.now, box, label))

    def drop(self, box: Box) -> None:
        self.work.change(boxes.without(self.work.boxes.now, box))

    def join(self, box: Box, other: Box) -> None:
        self.work.change(boxes.joined(self.work.boxes.now, box, other))

    def split(self, box: Box) -> None:
        self.work.change(boxes.split(self.work.boxes.now, box, halves(self.work.sheet.ink, box)))

    def find_again(self) -> None:
        """Restore the boxes as found, without corrections by hand; this can be undone, too."""
        self.work.change(LabelledBox(box) for box in self.as_found)

    def given(self, box: Box) -> bool:
        """Return True if a person labelled a box."""
        return any(each.box == box and each.label is not None and each.sure is None for each in self.work.boxes.now)

    def doubted(self, box: Box) -> bool:
        """Return True if a box seems not to hold a digit, and no person has labelled it."""
        return self.refused(box) and not self.given(box)

    def reading(self) -> Reading | None:
        """Return the readings of all boxes combined into one; `None` if nothing was read."""
        found = [self.answers[box] for box in self.work.places if box in self.answers]
        if not found:
            return None
        ink = replace(found[0].ink, digits=tuple(each.ink.digits[0] for each in found))
        return Reading(ink, tuple(each.answers[0] for each in found), found[0].run)

    def refused(self, box: Box) -> bool:
        """Return True if a box was read, and seems not to hold a digit."""
        return box in self.answers and bool(self.answers[box].refused)

    def _answer(self, box: Box) -> int | None:
        return self.answers[box].answers[0].digit if box in self.answers else None

    def _is_sure(self, box: Box) -> bool:
        return box in self.answers and not self.refused(box) and self.answers[box].answers[0].probability >= SURE

    def _words(self, box: Box) -> str:
        if box not in self.answers:
            return "no ink in this box"
        answer = self.answers[box].answers[0]
        if self.refused(box):
            return f"{answer.digit} – but {UNLIKE}"
        return f"{answer.digit}: {in_words(answer)}"


def other_ways(way: Way, found: int) -> list[Way]:
    """Return the other ways to read a picture in which this `way` found `found` digits.

    `found` is 0 for a picture that could not be read.
    """
    if not found:
        return [each for each in READ_AS if each != way]
    as_one = way == "one" or (way == "auto" and found == 1)
    return ["many"] if as_one else ["one"]


def read_photo(content: bytes, name: str, number: int, way: Way, width: int, read: Read | None = None) -> Photo:
    """Find the digits in an uploaded picture, to be shown `width` pixels wide; raises `PictureError` if there are none.

    A sheet that lies on its side is turned upright if `read`, the reader of a network, is given.
    """
    from digits_core.recognition.digit_detection import find_in
    from digits_core.recognition.turning import upright

    sheet = find_in(read_picture(content, name), name, way)
    sheet = upright(sheet, read) if read else sheet
    work = Work(name, PackedSheet.of(sheet), number, Boxes.found(sheet.boxes, width / sheet.picture.width))
    return Photo(work, way, as_found=sheet.boxes, left_out=sheet.left_out, thumbnail=thumbnail(sheet.picture))


def as_address(picture: Image.Image, side: int = 900) -> str:
    """Encode a picture as a JPEG in a data URL, its longest side at most `side`."""
    small = picture.copy()
    small.thumbnail((side, side))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
