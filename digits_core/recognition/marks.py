"""Which marks of ink are writing: the others are left out, each with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from digits_core.recognition.edges import SOLID
from digits_core.recognition.ruled_lines import rests_of_lines
from digits_core.recognition.segment import Box, usual_height

Reason = Literal[
    "a speck", "too faint", "a line of the paper", "cut off at the edge", "too large for a digit", "a dash"
]

SPECK = 0.02
"""Marks with a smaller share of the largest one's ink are dust."""

_SMALLEST = 0.015  # of the picture's longest side: on an empty page the largest mark is dust too
_FAINT = 0.7  # of the strongest mark's darkness: a shadow or a bleeding edge, if it reaches in from the edge
_HUGGING = 0.5  # of a mark's length along an edge that lies on it: a frame or the paper's edge, not a digit cut off
_STUMP = 0.5  # of the usual height: what is smaller and touches the edge belongs to something outside
_TOO_LARGE = 2.5  # usual heights of at least `_MANY` digits
_MANY = 3


@dataclass(frozen=True)
class LeftOut:
    """A mark that is not read as a digit: the box around it, in pixels of the picture, and why."""

    box: Box
    reason: Reason


def reasons_of(marks: Iterable[LeftOut]) -> str:
    """Return why marks were left out and how many for each reason, as in "2 × a speck, 1 × a dash"."""
    counted = Counter(mark.reason for mark in marks).most_common()
    return ", ".join(f"{count} × {reason}" for reason, count in counted)


def writing_of(
    ink: np.ndarray, outside: np.ndarray | None = None, lines: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, list[LeftOut]]:
    """Return the ink without the marks that are not writing, and those marks.

    Args:
        ink: uint8 (H, W), bright on 0.
        outside: bool (H, W), True where the picture shows what the paper lies on; by default it is all paper.
        lines: what `without_lines` returned, so that the remains of printed lines are known.
    """
    labels, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    if not count:
        return ink, []
    flat = labels.reshape(-1)
    found = (Box(x.start, y.start, x.stop - x.start, y.stop - y.start) for y, x in ndimage.find_objects(labels))
    boxes = dict(enumerate(found, start=1))
    pixels = np.bincount(flat, minlength=count + 1)
    solid = np.bincount(flat, weights=(ink >= SOLID).reshape(-1), minlength=count + 1)
    strength = np.bincount(flat, weights=ink.reshape(-1), minlength=count + 1) / np.maximum(pixels, 1)
    sides = np.array([0, *(max(box.width, box.height) for box in boxes.values())])
    hugging, at_edge = _at_edges(labels, boxes, outside)
    reasons: dict[int, Reason] = {}

    def leave_out(which: np.ndarray, reason: Reason) -> None:
        for index in np.flatnonzero(which):
            if index and index not in reasons:
                reasons[int(index)] = reason
                solid[index] = 0

    leave_out(solid == 0, "too faint")
    if lines is not None:
        leave_out(rests_of_lines(labels, sides, *lines), "a line of the paper")
    # A mark along the edge is left out only if a larger one remains: a digit may fill its picture.
    rest = (solid > 0) & ~hugging
    if rest.any():
        larger = sides[rest].max() > _STUMP * sides
        leave_out(hugging & (solid > 0) & (larger | (outside is not None)), "cut off at the edge")
    leave_out(at_edge & (strength < _FAINT * strength[solid > 0].max(initial=0)), "cut off at the edge")
    kept = [boxes[int(index)] for index in np.flatnonzero(solid > 0)]
    if len(kept) > _MANY:
        height = usual_height(kept)
        large = sides > _TOO_LARGE * height
        digits = sum(height / 1.7 < max(box.width, box.height) < 1.7 * height for box in kept)
        if digits >= _MANY:
            leave_out(large & (solid > 0), "too large for a digit")
    leave_out((solid > 0) & (solid < SPECK * solid.max()), "a speck")
    kept = [boxes[int(index)] for index in np.flatnonzero(solid > 0)]
    if kept:
        height = usual_height(kept)
        leave_out(at_edge & (solid > 0) & (sides < _STUMP * height), "cut off at the edge")
        largest = boxes[int(solid.argmax())]
        if max(largest.width, largest.height) < max(2, _SMALLEST * max(ink.shape)):
            leave_out(solid > 0, "a speck")
    drop = np.zeros(count + 1, bool)
    drop[list(reasons)] = True
    left_out = [
        LeftOut(boxes[index], reason)
        for index, reason in sorted(reasons.items())
        if reason not in ("a speck", "too faint") or sides[index] >= _SMALLEST * max(ink.shape)
    ]
    return np.where(drop[labels], 0, ink).astype(np.uint8), left_out


def _at_edges(
    labels: np.ndarray, boxes: Mapping[int, Box], outside: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which marks lie along an edge of the paper with most of their length, and which touch it at all."""
    count = len(boxes) + 1
    lines = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    along = np.stack([np.bincount(line, minlength=count) for line in lines])  # (4, N) pixels on each edge
    sides = [(box.width, box.width, box.height, box.height) for box in boxes.values()]
    lengths = np.array([(1, 1, 1, 1), *sides]).T
    across = np.array([(0, 0, 0, 0), *(side[::-1] for side in sides)]).T
    at_corner = (along > 0).sum(axis=0) > 1
    hugging = ((along > _HUGGING * lengths) & (across < lengths / 2)).any(axis=0) & at_corner
    touching = np.asarray(along.any(axis=0))
    if outside is not None:
        near = ndimage.maximum_filter(outside.view(np.uint8), 5) > 0
        hugging |= np.bincount(labels[near], minlength=count) > 0
    touching[0] = hugging[0] = False
    return hugging, touching
