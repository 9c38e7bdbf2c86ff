"""What reaches into a picture from outside is not read, and the reason is said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits_core.recognition.digit_detection import find_in
from digits_core.recognition.edges import without_frame
from digits_core.recognition.marks import writing_of


def two(side: int = 80) -> Image.Image:
    """A dark 2 on grey paper, well inside of the picture."""
    paper = Image.new("L", (side, side), 190)
    points = [(0.3, 0.3), (0.5, 0.2), (0.65, 0.35), (0.3, 0.75), (0.7, 0.75)]
    ImageDraw.Draw(paper).line([(x * side, y * side) for x, y in points], fill=60, width=side // 12, joint="curve")
    return paper


@pytest.mark.parametrize("edge", [(0, 0, 5, 80), (75, 0, 80, 80), (0, 0, 80, 5), (0, 75, 80, 80)])
def test_a_printed_frame_at_an_edge_is_not_part_of_the_digit(edge: tuple[int, int, int, int]) -> None:
    framed = two()
    framed.paste(30, edge)
    assert find_in(framed).boxes == find_in(two()).boxes


def test_a_digit_that_touches_the_frame_stays_whole() -> None:
    ink = np.zeros((80, 80), np.uint8)
    ink[:, :6] = 255
    ink[38:44, :60] = 255
    ink[20:70, 54:60] = 255
    assert (without_frame(ink)[38:44, 10:60] == 255).all()
    assert not without_frame(ink)[:30, :8].any()


def test_ink_that_is_all_frame_is_kept() -> None:
    ink = np.zeros((80, 80), np.uint8)
    ink[:, :10] = 255
    assert np.array_equal(without_frame(ink), ink)


def test_a_neighbours_stump_at_the_edge_is_left_out_with_its_reason() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 40:50] = 255
    ink[60:75, 92:] = 255
    kept, left_out = writing_of(ink)
    assert not kept[:, 92:].any()
    assert kept[20:80, 40:50].all()
    assert [each.reason for each in left_out] == ["cut off at the edge"]


def test_one_dominant_mark_is_one_digit_whatever_small_marks_are_beside_it() -> None:
    paper = two(400)
    paper.paste(60, (350, 330, 362, 342))
    assert len(find_in(paper).boxes) == 1
