"""A sheet that is being labelled: what was found on it, what was changed by hand, what would be saved."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from digits_core.dashboard.handwriting.boxes import Boxes, LabelledBox
from digits_core.dashboard.handwriting.marks_back import with_ink
from digits_core.dashboard.handwriting.shared import as_drawing
from digits_core.dashboard.packed import PackedSheet
from digits_core.data.handwriting_store import NewSample
from digits_core.data.picture import beginning, read_picture
from digits_core.errors import PictureError

if TYPE_CHECKING:
    from digits_core.recognition.marks import LeftOut
    from digits_core.recognition.segment import Box
    from digits_core.recognition.sheet import Sheet
    from digits_core.recognition.turning import Read

UNDO_STEPS = 200
"""How many changes of a sheet can be undone."""


@dataclass(frozen=True, eq=False)
class Step:
    """A sheet and its boxes at one time, to return to."""

    packed: PackedSheet
    now: tuple[LabelledBox, ...]


@dataclass
class Work:
    """A sheet that is being labelled. It lives in the session, so that reruns and other pages lose nothing."""

    name: str
    packed: PackedSheet
    number: int
    boxes: Boxes
    table: int = 0
    """Counts the changes that were not made in the table: after each, the table is rebuilt from the boxes."""
    order: list[int] = field(default_factory=list)
    """The index of the box in each row of the table."""
    done: int = 0
    """The number of the last browser edit that is in `boxes`."""
    past: list[Step] = field(default_factory=list)
    ahead: list[Step] = field(default_factory=list)
    """The steps that were undone; the next one to redo is the last."""
    pictures: dict[int, bytes] = field(default_factory=dict)
    digits: dict[Box, np.ndarray | None] = field(default_factory=dict)

    @property
    def sheet(self) -> Sheet:
        """The unpacked sheet; do not keep a reference to it."""
        return self.packed.unpacked()

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        sheets = {id(each.packed): each.packed.size for each in [*self.past, *self.ahead]}
        sheets[id(self.packed)] = self.packed.size
        return sum(sheets.values()) + sum(map(len, self.pictures.values())) + 1000 * len(self.digits)

    @property
    def canvas_key(self) -> str:
        return f"sheet_{self.number}"

    @property
    def table_key(self) -> str:
        return f"sheet_table_{self.number}_{self.table}"

    @property
    def width(self) -> int:
        """Width of the picture on the screen, in pixels."""
        return round(self.boxes.scale * self.packed.width)

    @property
    def places(self) -> list[Box]:
        return [each.box for each in self.boxes.now]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The marks that are not read, the largest first."""
        return tuple(sorted(self.sheet.left_out, key=lambda mark: -mark.box.width * mark.box.height))

    def numbered(self) -> list[int]:
        """Return the box indices in reading order: the first is box 1 in the picture and row 1 in the table."""
        from digits_core.recognition.segment import rows_of

        return [place for row in rows_of(self.places) for place in row]

    def change(self, now: Iterable[LabelledBox], *, undoable: bool = True) -> None:
        """Change the boxes and rebuild the table from them.

        With `undoable=False` the change belongs to the one before it: what a network proposes by itself for a newly
        drawn box is undone together with the box.
        """
        if self._keep(now, undoable):
            self.table += 1

    def change_in_table(self, now: Iterable[LabelledBox]) -> None:
        """Change the boxes as the table already shows them: it stays as it is, under the cursor."""
        self._keep(now, True)

    def _keep(self, now: Iterable[LabelledBox], undoable: bool) -> bool:
        now = tuple(now)
        if now == self.boxes.now:
            return False
        if undoable:
            self._remember()
        self.boxes = self.boxes.changed(now)
        return True

    def _remember(self) -> None:
        self.past = [*self.past, Step(self.packed, self.boxes.now)][-UNDO_STEPS:]
        self.ahead = []

    def undo(self) -> None:
        """Undo the last change of any kind; do nothing if there is none."""
        self._go(self.past, self.ahead)

    def redo(self) -> None:
        """Redo the change that was last undone."""
        self._go(self.ahead, self.past)

    def _go(self, there: list[Step], back: list[Step]) -> None:
        if there:
            back.append(Step(self.packed, self.boxes.now))
            step = there.pop()
            self._show(step.packed, step.now)

    def _show(self, packed: PackedSheet, now: Iterable[LabelledBox]) -> None:
        if packed is not self.packed:
            self.digits, self.pictures = {}, {}
        scale = self.boxes.scale * self.packed.width / packed.width  # as wide on the screen as before
        self.packed, self.boxes = packed, Boxes(tuple(now), scale)
        self.table += 1

    def turn(self) -> None:
        """Turn the sheet a quarter clockwise and find its digits again; raises `PictureError` if there are none then.

        One step for `undo`, which brings back the boxes and labels from before.
        """
        from digits_core.recognition.turning import RIGHT, turned

        sheet = turned(self.sheet, RIGHT)
        if not sheet.boxes:
            raise PictureError(f"{beginning(self.name)} shows no digits when it is turned. It stays as it was.")
        self._remember()
        self._show(PackedSheet.of(sheet), Boxes.found(sheet.boxes, 1).now)

    def bring_back(self, mark: Box, label: int | None = None) -> None:
        """Add a box around a mark that was left out, with the ink that the picture shows there."""
        packed = PackedSheet.of(with_ink(self.sheet, mark))
        self._remember()
        self._show(packed, self.boxes.now)
        if mark not in self.places:
            self.boxes = self.boxes.changed([*self.boxes.now, LabelledBox(mark, label)])

    def digit(self, box: Box) -> np.ndarray | None:
        """Return the digit in a box, centred, uint8 (28, 28); `None` if it contains no ink."""
        from digits_core.recognition.sheet import digit_in

        if box not in self.digits:
            try:
                self.digits[box] = digit_in(self.sheet, box)
            except PictureError:
                self.digits[box] = None
        return self.digits[box]

    def picture(self, width: int) -> bytes:
        """Return the sheet as JPEG, `width` pixels wide: encoded once, sent with every change."""
        if width not in self.pictures:
            small = self.sheet.picture.resize((width, self.height(width)), reducing_gap=2.0)
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=80)
            self.pictures[width] = buffer.getvalue()
        return self.pictures[width]

    def height(self, width: int) -> int:
        """Return the height of the picture on the screen, in pixels."""
        return max(1, round(self.packed.height * width / self.packed.width))

    def to_save(self) -> list[LabelledBox]:
        return [each for each, _, _ in self._ready()]

    def _ready(self) -> list[tuple[LabelledBox, np.ndarray, int]]:
        """Return what would be saved: each box with its digit, uint8 (28, 28), and its label."""
        return [
            (each, digit, each.label)
            for each in self.boxes.now
            if each.keep and each.label is not None and (digit := self.digit(each.box)) is not None
        ]

    def samples(self, writer: str) -> list[NewSample]:
        """Return the samples to save, each with its part of the sheet."""
        from digits_core.recognition.sample import kept_paper
        from digits_core.recognition.sheet import ink_of

        return [
            NewSample(
                digit,
                label,
                writer,
                "sheet",
                as_drawing(self._part(each.box)),
                paper=kept_paper(ink_of(self.sheet, each.box)),
            )
            for each, digit, label in self._ready()
        ]

    def _part(self, box: Box) -> Image.Image:
        """Return the part of the picture in the box, with a little paper around it."""
        picture, margin = self.sheet.picture, max(box.width, box.height) // 8
        left, top = max(0, box.left - margin), max(0, box.top - margin)
        return picture.crop(
            (left, top, min(picture.width, box.right + margin), min(picture.height, box.bottom + margin))
        )


def read_work(data: bytes, name: str, number: int, width: int, read: Read | None = None) -> Work:
    """Find the digits on an uploaded photo, to be shown `width` pixels wide; raises `PictureError` if there are none.

    A sheet that lies on its side is turned upright if `read`, which recognises ink with a network, is given.
    """
    from digits_core.recognition.sheet import read_sheet  # loads torch, which the empty page does not need
    from digits_core.recognition.turning import upright

    sheet = read_sheet(read_picture(data, name), name)
    sheet = upright(sheet, read) if read else sheet
    return Work(name, PackedSheet.of(sheet), number, Boxes.found(sheet.boxes, width / sheet.picture.width))
