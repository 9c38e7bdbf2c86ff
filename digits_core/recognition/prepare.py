"""From a picture to ink: `to_ink`, then `cut_out` or `whole_square`.

A picture is any handwriting as it comes: a photo of paper, a scan, a screenshot, a drawing. Ink is what the
network's transform expects: uint8 of shape (H, W), strokes bright (up to 255) on a background of exactly 0.
Nothing is scaled to 28×28 here; the transform of the run does that, so that training and recognition share
one way of centring.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from digits_core.data.picture import as_picture, beginning, grey
from digits_core.errors import PictureError
from digits_core.recognition.edges import without_frame
from digits_core.recognition.ink import contrast, soft_ink
from digits_core.recognition.marks import LeftOut, writing_of

WORKING_SIDE = 1000
"""Pictures with a longer side are scaled down to this before the ink is looked for."""
INK_SHARE = 20 / 28
"""The longest side of the ink as a share of the square around it, as in MNIST (LeCun et al. 1998)."""


def to_ink(picture: Image.Image | np.ndarray, name: str = "the picture") -> np.ndarray:
    """Return the ink of a picture: uint8 (H, W), 0 on paper, up to 255 in the strokes, with soft edges.

    `picture` is a Pillow image of any mode or an array of (H, W), (H, W, 3) or (H, W, 4). Dark ink on light
    paper and light on dark are both recognised; shadows are flattened. A longest side of more than
    `WORKING_SIDE` is scaled down to that, so a place in the ink times `picture.width / ink.shape[1]` is the
    place in the picture. Raises `PictureError` if nothing stands out from the paper.
    """
    ink, _ = ink_of_picture(shrunk(grey(as_picture(picture, name))))
    if not ink.any():
        raise PictureError(no_ink(name))
    return ink


def ink_of_picture(image: Image.Image) -> tuple[np.ndarray, list[LeftOut]]:
    """Return the ink of a picture of mode "L" as it lies, uint8 (H, W), and the marks that are not writing."""
    values, noise = contrast(np.asarray(image))
    # Nothing has been taken out of it yet, as printed lines are out of a sheet: only what is clear is ink.
    return writing_of(without_frame(soft_ink(values, 1.3 * noise)))


def cut_out(ink: np.ndarray) -> np.ndarray:
    """Cut out the square around the ink, uint8 (S, S): the ink's longest side is 20/28 of S, its box in the middle.

    The ink keeps its resolution. Raises `PictureError` if there is none.
    """
    inside = ink[_box(ink)]
    if not inside.size:
        raise PictureError(no_ink("the picture"))
    return _in_square(inside, round(max(inside.shape) / INK_SHARE))


def whole_square(ink: np.ndarray) -> np.ndarray:
    """Pad the whole canvas to a square, uint8 (S, S): a square one stays, else 0 is added on both sides."""
    height, width = ink.shape
    return ink if height == width else _in_square(ink, max(height, width))


def no_ink(name: str) -> str:
    return f"{beginning(name)} shows no ink that stands out: write a digit with clear, free paper around it."


def shrunk(image: Image.Image, side: int = WORKING_SIDE) -> Image.Image:
    """Scale the picture down if its longest side is above this many pixels."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)


def _box(ink: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and the columns of (H, W) that hold ink, first to last; empty if there is none."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _in_square(ink: np.ndarray, side: int) -> np.ndarray:
    """Place the ink in the middle of an empty square, uint8 (side, side)."""
    height, width = ink.shape
    square = np.zeros((side, side), dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    return square
