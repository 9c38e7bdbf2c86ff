"""A photo of a sheet of many digits, straightened, its digits found: `read_sheet`, then `digit_in` for each box."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from digits_core.data.picture import as_picture, beginning, grey
from digits_core.errors import PictureError
from digits_core.recognition import perspective
from digits_core.recognition.edges import without_frame
from digits_core.recognition.ink import contrast, of_windows, soft_ink
from digits_core.recognition.marks import LeftOut, writing_of
from digits_core.recognition.paper import find_paper
from digits_core.recognition.prepare import cut_out
from digits_core.recognition.ruled_lines import without_lines
from digits_core.recognition.segment import Box, Marks, columns_of, find_digits, rows_of, without_dashes

LEAST_PHOTO = 300
"""Pixels of the longest side of a photo of paper; a smaller picture was cut out of one, or of a scan."""
SIDE = 1600
"""The longest side of a sheet's picture, in pixels: half a millimetre of pen on A4 is then three of them."""

_RIM = 5  # pixels along the edge of the paper that hold no ink: its edge is seen there


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper as if seen from straight above.

    picture: mode "L", longest side at most `SIDE`; ink: uint8 (H, W) of the same size, digits bright on 0, printed
    lines removed; boxes: around each digit, in pixels of the picture and in reading order; from_photo: the homography
    (3, 3) that takes points (x, y, 1) of the photo to the picture; left_out: the marks that are not read, and why.
    """

    picture: Image.Image
    ink: np.ndarray
    boxes: tuple[Box, ...]
    from_photo: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    def own_ink(self, box: Box) -> np.ndarray:
        """Return the ink (h, w) in the part of a box on the picture, without strokes that only reach into it."""
        return self._marks.inside(_within(box, self.ink.shape))

    def in_photo(self, box: Box) -> Box:
        """Return the box, in pixels of the photo, around a box of the picture."""
        corners = [[x, y, 1] for x in (box.left, box.right) for y in (box.top, box.bottom)]
        points = np.array(corners, dtype=float) @ np.linalg.inv(self.from_photo).T
        points = points[:, :2] / points[:, 2:]
        (left, top), (right, bottom) = np.rint(points.min(axis=0)), np.rint(points.max(axis=0))
        return Box(int(left), int(top), int(right - left), int(bottom - top))

    @cached_property
    def _marks(self) -> Marks:
        # Labelled once for all boxes of the sheet, which are asked for one by one.
        return Marks(self.ink)

    def rows(self) -> list[list[int]]:
        """Group the boxes' indices by row of the sheet."""
        return rows_of(self.boxes)

    def columns(self) -> list[list[int]]:
        """Group the boxes' indices by column of the sheet."""
        return columns_of(self.boxes)


def read_sheet(picture: Image.Image, name: str = "the sheet") -> Sheet:
    """Straighten the paper in a photo and find its digits; `PictureError` if it shows none."""
    seen, from_photo, inside, on_table = straightened(grey(as_picture(picture, name)))
    values, noise = contrast(np.asarray(seen), inside)
    values, printed = without_lines(values, noise)
    ink = soft_ink(values, noise)
    if not on_table:
        ink = without_frame(ink)
    ink, left_out = writing_of(ink, ~inside if on_table else None, (values, printed))
    found = find_digits(ink)
    boxes = without_dashes(found)
    left_out += [LeftOut(box, "a dash") for box in found if box not in boxes]
    if not boxes:
        raise PictureError(f"{beginning(name)} shows no digits. Write them so that they stand out from the paper.")
    return Sheet(seen, ink, tuple(boxes), from_photo, tuple(left_out))


def ink_of(sheet: Sheet, box: Box) -> np.ndarray:
    """Cut the ink of one box out as a square for `Recogniser.read_all`; `PictureError` if there is none."""
    own = sheet.own_ink(box)
    if not own.any():
        raise PictureError("The box holds no ink. Draw it around a digit, or remove it.")
    return cut_out(own)


def digit_in(sheet: Sheet, box: Box) -> np.ndarray:
    """Return the digit in a box as handwriting stores it, uint8 (28, 28); `PictureError` if the box holds no ink."""
    from digits_core.recognition.sample import sample_of  # loads torch, which finding digits does without

    return sample_of(ink_of(sheet, box))


def straightened(photo: Image.Image) -> tuple[Image.Image, np.ndarray, np.ndarray, bool]:
    """Return a photo, mode "L", as if from straight above; the homography (3, 3) from it; where paper is, bool (H, W).

    The last is True where the photo shows what the paper lies on.
    """
    scale = min(1.0, 1.25 * SIDE / max(photo.size))
    image = photo
    if scale < 1:
        width, height = (round(side * scale) for side in photo.size)
        image = photo.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    paper = find_paper(np.asarray(image))
    on_paper = Image.new("L", image.size, 255)
    if paper is not None and not paper.whole:
        on_paper = Image.new("L", image.size, 0)
        ImageDraw.Draw(on_paper).polygon([tuple(corner) for corner in paper.corners.tolist()], fill=255)
    whole = paper is not None and paper.whole
    from_above, size = np.eye(3), image.size
    if paper is not None and paper.whole:
        from_above, size = perspective.upright(paper.corners)
    fit, size = _fitted(np.eye(3), size)
    transform = fit @ from_above
    seen, inside = _warped(image, on_paper, transform, size)
    turn = np.eye(3) if whole else perspective.level(contrast(np.asarray(seen), inside)[0])
    if not np.allclose(turn, np.eye(3)):
        turn, size = _fitted(turn, size)
        transform = turn @ transform
        seen, inside = _warped(image, on_paper, transform, size)
    return seen, transform @ np.diag([scale, scale, 1.0]), inside, paper is not None


def _warped(
    image: Image.Image, on_paper: Image.Image, transform: np.ndarray, size: tuple[int, int]
) -> tuple[Image.Image, np.ndarray]:
    """Return the picture after a homography, and where in it paper is, without its rim.

    In a photo, ink may reach to the picture's own edges, and is then judged as cut off or whole. A small picture was
    cut out of a larger one: the walls of a cell, or the next digit, are along its edges.
    """
    inside = np.asarray(perspective.warp(on_paper, transform, size, beyond=0)) == 255
    inside = np.pad(inside, _RIM, mode="edge" if max(size) >= LEAST_PHOTO else "constant")
    for _ in range(2):  # down, then across
        inside = of_windows(inside, 2 * _RIM + 1, np.logical_and).T
    return perspective.warp(image, transform, size), np.ascontiguousarray(inside)


def _fitted(transform: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """Shift and scale the homography to a picture of at most `SIDE`; return it with the picture's size.

    All of a picture of the given size stays in it.
    """
    width, height = size
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=float) @ transform.T
    corners = corners[:, :2] / corners[:, 2:]
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = min(1.0, SIDE / (high - low).max())
    fit = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1]])
    return fit @ transform, tuple(np.maximum(1, np.round((high - low) * scale)).astype(int).tolist())


def _within(box: Box, shape: tuple[int, int]) -> Box:
    """Clip a box to a picture of (H, W)."""
    left, top = min(max(0, box.left), shape[1]), min(max(0, box.top), shape[0])
    return Box(left, top, max(0, min(box.right, shape[1]) - left), max(0, min(box.bottom, shape[0]) - top))
