"""Pictures of handwriting as people upload them, drawn here."""

import io

import numpy as np
from PIL import Image, ImageDraw


def _arc(x: float, y: float, across: float, down: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an ellipse about (x, y), clockwise from `start` to `end`, in turns from its top."""
    turns = 2 * np.pi * np.linspace(start, end, 20)
    return [(x + across * np.sin(turn), y - down * np.cos(turn)) for turn in turns]


STROKES = {
    0: [_arc(0.5, 0.5, 0.22, 0.35, 0, 1)],
    1: [[(0.5, 0.15), (0.5, 0.85)]],
    2: [[*_arc(0.5, 0.34, 0.2, 0.19, -0.22, 0.36), (0.3, 0.84), (0.73, 0.84)]],
    3: [[*_arc(0.48, 0.33, 0.19, 0.17, -0.2, 0.5), *_arc(0.48, 0.67, 0.22, 0.18, 0, 0.72)]],
    4: [[(0.38, 0.15), (0.25, 0.6), (0.78, 0.6)], [(0.62, 0.3), (0.62, 0.85)]],
    5: [[(0.7, 0.16), (0.36, 0.16), (0.33, 0.46), *_arc(0.48, 0.63, 0.22, 0.21, -0.08, 0.68)]],
    6: [[(0.62, 0.14), (0.42, 0.34), (0.32, 0.58), *_arc(0.49, 0.66, 0.18, 0.19, -0.22, 0.8)]],
    7: [[(0.28, 0.15), (0.72, 0.15), (0.42, 0.85)]],
    8: [[*_arc(0.5, 0.32, 0.16, 0.16, 0.5, 1.5), *_arc(0.5, 0.67, 0.2, 0.19, 0, 1)]],
    9: [[*_arc(0.5, 0.34, 0.18, 0.19, 0.2, 1.2), (0.66, 0.55), (0.56, 0.86)]],
}
"""Lines through points that are fractions of a square, (0, 0) its upper left corner."""


def sheet(rows: list[list[int]], cell: int = 100) -> bytes:
    """A PNG of light paper with rows of digits in dark ink."""
    width = max(len(row) for row in rows)
    paper = Image.new("L", (width * cell + cell, len(rows) * cell + cell), 232)
    pen = ImageDraw.Draw(paper)
    for row, digits in enumerate(rows):
        for column, digit in enumerate(digits):
            left, top, side = (column + 0.6) * cell, (row + 0.6) * cell, cell * 0.8
            for stroke in STROKES[digit]:
                line = [(left + x * side, top + y * side) for x, y in stroke]
                pen.line(line, fill=45, width=cell // 14, joint="curve")
    return as_png(paper)


def one_digit(digit: int) -> bytes:
    return sheet([[digit]])


def as_png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
