"""A sheet that is being labelled: what was found on it, what was changed by hand, what would be saved."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from digits_core.dashboard.handwriting.boxes import HEADROOM, Boxes, LabelledBox
from digits_core.dashboard.handwriting.shared import as_drawing
from digits_core.dashboard.packed import PackedSheet
from digits_core.data.handwriting import NewSample
from digits_core.data.picture import read_picture
from digits_core.errors import PictureError

if TYPE_CHECKING:
    from digits_core.recognition.segment import Box
    from digits_core.recognition.sheet import Sheet
    from digits_core.recognition.turning import Read


@dataclass
class Work:
    """A sheet that is being labelled. It lives in the session, so that reruns and other pages lose nothing."""

    name: str
    packed: PackedSheet
    number: int
    boxes: Boxes
    table: int = 0
    """Counts the changes that the table did not make itself: it then starts anew from what there is."""
    order: list[int] = field(default_factory=list)
    """The places of the boxes in the rows of the table."""
    seen: dict | None = None
    pictures: dict[int, bytes] = field(default_factory=dict)
    digits: dict[Box, np.ndarray | None] = field(default_factory=dict)

    @property
    def sheet(self) -> Sheet:
        """What was found, unpacked: not to be kept."""
        return self.packed.unpacked()

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        return self.packed.size + sum(map(len, self.pictures.values())) + 1000 * len(self.digits)

    @property
    def canvas_key(self) -> str:
        return f"sheet_{self.number}"

    @property
    def table_key(self) -> str:
        return f"sheet_table_{self.number}_{self.table}"

    @property
    def width(self) -> int:
        """Of the canvas, in pixels."""
        return round(self.boxes.scale * self.packed.width)

    @property
    def places(self) -> list[Box]:
        return [each.box for each in self.boxes.now]

    def change(self, now: Sequence[LabelledBox]) -> None:
        """Another hand than the canvas's and the table's changed the boxes: show both what there is now."""
        self.boxes = self.boxes.changed(now)
        self.table += 1

    def draw(self, drawing: dict | None) -> bool:
        """Take over what was done on the canvas; whether it has to be drawn anew, because that was only a click."""
        before, self.boxes = self.boxes, self.boxes.as_drawn(drawing)
        self.table += self.boxes != before
        return self.boxes.turn != before.turn

    def digit(self, box: Box) -> np.ndarray | None:
        """The digit in a box, centred, uint8 (28, 28); `None` where it holds no ink."""
        from digits_core.recognition.sheet import digit_in

        if box not in self.digits:
            try:
                self.digits[box] = digit_in(self.sheet, box)
            except PictureError:
                self.digits[box] = None
        return self.digits[box]

    def picture(self, width: int) -> bytes:
        """The sheet below its headroom as JPEG, `width` pixels wide: made once, sent with every change."""
        if width not in self.pictures:
            small = self.sheet.picture.resize((width, self.height(width) - HEADROOM), reducing_gap=2.0)
            paper = small.crop((0, 0, width, 1)).resize((width, self.height(width)))
            paper.paste(small, (0, HEADROOM))
            buffer = io.BytesIO()
            paper.save(buffer, "JPEG", quality=80)
            self.pictures[width] = buffer.getvalue()
        return self.pictures[width]

    def height(self, width: int) -> int:
        """Of the canvas, in pixels."""
        return HEADROOM + max(1, round(self.packed.height * width / self.packed.width))

    def to_save(self) -> list[LabelledBox]:
        return [
            each for each in self.boxes.now if each.keep and each.label is not None and self.digit(each.box) is not None
        ]

    def samples(self, writer: str) -> list[NewSample]:
        """What would be saved, each with its part of the sheet."""
        from digits_core.recognition.sample import kept_paper
        from digits_core.recognition.sheet import ink_of

        return [
            NewSample(
                self.digit(each.box), each.label, writer, "sheet", as_drawing(self._part(each.box)),
                paper=kept_paper(ink_of(self.sheet, each.box)),
            )
            for each in self.to_save()
        ]  # fmt: skip

    def _part(self, box: Box) -> Image.Image:
        """The box and a little paper around it."""
        picture, margin = self.sheet.picture, max(box.width, box.height) // 8
        left, top = max(0, box.left - margin), max(0, box.top - margin)
        return picture.crop(
            (left, top, min(picture.width, box.right + margin), min(picture.height, box.bottom + margin))
        )


def read_work(data: bytes, name: str, number: int, width: int, read: Read | None = None) -> Work:
    """Find the digits on an uploaded photo, to be shown `width` pixels wide; `PictureError` where there are none.

    A sheet that lies on its side is turned if `read`, what a network reads, is given.
    """
    from digits_core.recognition.sheet import read_sheet  # loads torch, which the empty page need not wait for
    from digits_core.recognition.turning import upright

    sheet = read_sheet(read_picture(data, name), name)
    sheet = upright(sheet, read) if read else sheet
    return Work(name, PackedSheet.of(sheet), number, Boxes.found(sheet.boxes, width / sheet.picture.width))
