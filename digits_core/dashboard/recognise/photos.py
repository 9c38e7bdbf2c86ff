"""Uploaded pictures on their way: digits found, read, and corrected by hand. Knows no widgets."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PIL import Image

from digits_core.dashboard.handwriting.boxes import SURE, Boxes
from digits_core.dashboard.handwriting.sheet_work import Work
from digits_core.dashboard.packed import PackedSheet
from digits_core.dashboard.recognise.reading import Ink, Reading, in_words, read
from digits_core.data.handwriting import NewSample
from digits_core.data.picture import read_picture
from digits_core.figures.recognition import Boxed

if TYPE_CHECKING:
    from digits_core.recognition.finding import Way
    from digits_core.recognition.recogniser import Recogniser
    from digits_core.recognition.refusal import Refusal
    from digits_core.recognition.segment import Box
    from digits_core.recognition.turning import Read

WAYS: dict[Way, str] = {"auto": "Automatic", "one": "One digit", "many": "Several digits"}


@dataclass
class Photo:
    """A picture and what was found on it. It lives in the session, so that reruns lose nothing."""

    work: Work
    way: Way
    read_by: tuple[str, float | None] | None = None
    answers: dict[Box, Reading] = field(default_factory=dict)
    """What the run made of each box that holds ink; `read_by` is that run with its threshold, if there was one."""
    _address: str = ""

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        own = self.work.size + len(self._address) + sum(each.size_of_digits for each in self.answers.values())
        return own + next((each.size - each.size_of_digits for each in self.answers.values()), 0)

    @property
    def address(self) -> str:
        """The picture as a data address: made once."""
        if not self._address:
            self._address = as_address(self.work.sheet.picture)
        return self._address

    def read(
        self, recogniser: Recogniser, run_id: str, title: str, refusal: Refusal | None = None
    ) -> list[tuple[Box, Reading]]:
        """The answer for each box with ink, in reading order; only what is new is asked."""
        from digits_core.recognition.segment import rows_of
        from digits_core.recognition.sheet import ink_of

        asked = (run_id, None if refusal is None else refusal.threshold)
        if self.read_by != asked:
            self.read_by, self.answers = asked, {}
        with_ink = [box for box in self.work.places if self.work.digit(box) is not None]
        new = [box for box in dict.fromkeys(with_ink) if box not in self.answers]
        if new:
            sheet = self.work.sheet
            ink = Ink(sheet.picture, tuple(ink_of(sheet, box) for box in new), "upload", self.work.name)
            all_new = read(ink.with_small_picture(), recogniser, title, refusal)
            self.answers |= {box: all_new.only(place).packed() for place, box in enumerate(new)}
        order = [with_ink[place] for row in rows_of(with_ink) for place in row]
        return [(box, self.answers[box]) for box in order]

    def label(self, box: Box) -> int | None:
        """The label that a person gave a box, else what was read; `None` for a box without ink."""
        given = next((each.label for each in self.work.boxes.now if each.box == box and each.sure is None), None)
        return given if given is not None else self._answer(box)

    @property
    def text(self) -> str:
        """All digits in reading order, a space between lines."""
        from digits_core.recognition.segment import rows_of

        boxes = [each.box for each in self.work.boxes.now if each.keep and self.label(each.box) is not None]
        return " ".join("".join(str(self.label(boxes[place])) for place in row) for row in rows_of(boxes))

    def boxed(self) -> list[Boxed]:
        """All boxes that stay, for the figure."""
        return [
            Boxed(
                *(each.box.left, each.box.top, each.box.width, each.box.height), self.label(each.box),
                self._words(each.box), (each.label is not None and each.sure is None) or self._is_sure(each.box),
            )
            for each in self.work.boxes.now
            if each.keep
        ]  # fmt: skip

    def propose(self) -> None:
        """Write what was read on the boxes that nobody labelled, so that a person has only the wrong ones to mend."""
        proposed = tuple(
            each
            if each.box not in self.answers or each.label is not None
            else each.labelled(self._answer(each.box), self.answers[each.box].answers[0].probability)
            for each in self.work.boxes.now
        )
        if proposed != self.work.boxes.now:
            self.work.change(proposed, undoable=False)

    def samples(self, writer: str) -> list[NewSample]:
        """What would be saved, labelled as the boxes say."""
        source = "upload" if len(self.work.boxes.now) == 1 else "sheet"
        return [replace(each, source=source) for each in self.work.samples(writer)]

    def reading(self) -> Reading | None:
        """All that was read on it as one; `None` where nothing was."""
        found = [self.answers[box] for box in self.work.places if box in self.answers]
        if not found:
            return None
        ink = replace(found[0].ink, digits=tuple(each.ink.digits[0] for each in found))
        return Reading(ink, tuple(each.answers[0] for each in found), found[0].run)

    def refused(self, box: Box) -> bool:
        """Whether what was read in a box is no digit, as it seems."""
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
            return f"not a digit, it seems; nearest to {answer.digit}"
        return f"{answer.digit}: {in_words(answer)}"


def read_photo(content: bytes, name: str, number: int, way: Way, width: int, read: Read | None = None) -> Photo:
    """Find the digits in an uploaded picture, to be shown `width` pixels wide; `PictureError` where there are none.

    A sheet that lies on its side is turned if `read`, what a network reads, is given.
    """
    from digits_core.recognition.finding import find_in
    from digits_core.recognition.turning import upright

    sheet = find_in(read_picture(content, name), name, way)
    sheet = upright(sheet, read) if read else sheet
    return Photo(Work(name, PackedSheet.of(sheet), number, Boxes.found(sheet.boxes, width / sheet.picture.width)), way)


def as_address(picture: Image.Image, side: int = 900) -> str:
    """A picture as a JPEG in a data address, its longest side at most `side`."""
    small = picture.copy()
    small.thumbnail((side, side))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
