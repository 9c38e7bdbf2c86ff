"""Handwriting as it was written: the ink where it was on its paper, a square of 112×112 pixels.

Training and recognition take the paper through the same transform: a network that reads a drawing uncentred learns from
drawings that are not centred. Four times 28 pixels keep the strokes sharp for any size a network sees, and a sample
takes one to two kilobytes, compressed.
"""

from __future__ import annotations

import io
import sqlite3
import zlib

import numpy as np
from PIL import Image

from digits_core.errors import DatasetError

SIDE = 112
CENTRED_SIDE = 28
"""Side of the images of samples from before paper was stored."""
_MOST_PIXELS = 2_000_000  # of a drawing; those that the app has stored have far fewer


def packed(paper: np.ndarray) -> bytes:
    """Compress a paper, uint8 (112, 112), to the bytes that are stored."""
    return zlib.compress(np.ascontiguousarray(paper).tobytes(), 6)


def unpacked(content: bytes) -> np.ndarray:
    """Return the paper, uint8 (112, 112), that `packed` compressed; raises `DatasetError` for any other content."""
    try:
        pixels = zlib.decompressobj().decompress(content, SIDE * SIDE + 1)
    except zlib.error:
        pixels = b""
    if len(pixels) != SIDE * SIDE:
        raise DatasetError("A handwritten sample is damaged: delete it on the Handwriting page.")
    return np.frombuffer(bytearray(pixels), dtype=np.uint8).reshape(SIDE, SIDE)


def of_row(row: sqlite3.Row) -> np.ndarray:
    """Return the paper of a row with `image`, `drawing`, `source` and `paper`, uint8 (112, 112)."""
    if row["paper"] is not None:
        return unpacked(row["paper"])
    return carried_over(row["image"], row["drawing"], row["source"])


def carried_over(image: bytes, drawing: bytes, source: str) -> np.ndarray:
    """Reconstruct the paper of a sample from before it was stored, uint8 (112, 112).

    A drawing on a canvas was stored whole, black on white: its ink is still where it was written. Pictures of paper are
    read with the digit in the middle, as it is in `image`, the centred digit uint8 (28, 28).
    """
    if source == "canvas" and (canvas := _canvas(drawing)) is not None:
        return canvas
    centred = Image.frombytes("L", (CENTRED_SIDE, CENTRED_SIDE), image)
    return np.asarray(centred.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _canvas(drawing: bytes) -> np.ndarray | None:
    """Return a stored drawing's ink, its square at 112×112; `None` if it cannot be read or shows no ink."""
    try:
        with Image.open(io.BytesIO(drawing), formats=["PNG"]) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            ink = Image.eval(opened.convert("L"), lambda tone: 255 - tone)
    except Exception:  # the readers of PNG raise nearly anything on damaged ones
        return None
    side = max(ink.size)
    square = Image.new("L", (side, side))
    square.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    paper = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return paper if 0 < paper.mean() < 128 else None  # white all over, or light ink on dark paper
