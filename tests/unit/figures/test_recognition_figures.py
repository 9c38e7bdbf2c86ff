"""Charts of what networks read."""

import numpy as np
import pytest

from digits_core.figures.palette import DIGIT_COLOURS
from digits_core.figures.recognition_figures import Boxed, boxed, overlay, several, several_height

THREE = np.eye(10)[[4, 0, 7]] * 0.8 + 0.02


def test_several_digits_have_a_row_each_and_write_what_matters():
    chart = several(THREE)

    assert chart.data[0].y == ("1", "2", "3")
    assert np.array(chart.data[0].z).argmax(axis=1).tolist() == [4, 0, 7]
    assert [text for written in chart.data[1:] for text in written.text] == ["82%", "82%", "82%"]
    assert chart.layout.height == several_height(3)


def test_a_long_number_makes_rows_lower_and_not_the_chart_endless():
    assert several_height(400) == several_height(24)
    assert not [each for each in several(np.full((400, 10), 0.1)).data if each.text]


def test_what_is_written_can_be_read_upon_strong_and_upon_weak_colour():
    values = np.zeros((1, 10))
    values[0, [1, 7]] = 0.7, 0.3
    _, weak, strong = several(values).data

    assert (weak.x, weak.text, weak.textfont.color) == (("7",), ("30%",), None)
    assert (strong.x, strong.text, strong.textfont.color) == (("1",), ("70%",), "#ffffff")


def test_boxes_lie_where_the_digits_are_in_their_colours_and_doubt_is_dashed():
    boxes = [Boxed(10, 20, 30, 40, 7, "7: 99% sure"), Boxed(50, 20, 30, 40, 1, "1: 40% sure", sure=False)]
    boxes.append(Boxed(90, 20, 5, 5, None, "no ink in <this> box", sure=False))
    chart = boxed("data:image/jpeg;base64,", (200, 100), boxes, 300)

    assert [(each.x0, each.y0, each.x1, each.y1) for each in chart.layout.shapes[:1]] == [(10, 20, 40, 60)]
    assert [each.line.color for each in chart.layout.shapes[:2]] == [DIGIT_COLOURS[7], DIGIT_COLOURS[1]]
    assert [each.line.dash for each in chart.layout.shapes] == ["solid", "dot", "dot"]
    assert [each.text for each in chart.layout.annotations] == ["7", "1?", "?"]
    assert chart.data[0].text[2] == "no ink in &lt;this&gt; box"
    assert chart.layout.images[0].sizex == 200


@pytest.mark.parametrize(("size", "height"), [((200, 100), 170), ((1200, 1600), 453), ((3000, 200), 120)])
def test_the_label_of_a_box_at_the_edge_of_the_photo_is_not_cut(size, height):
    """Whether the width or the height of the chart says how large the photo is drawn, 340 pixels wide at most."""
    width, tall = size
    boxes = [Boxed(0, 0, width / 10, tall / 2, 7, "", True), Boxed(width - 4, tall / 2, 4, tall / 4, 1, "", True)]
    chart = boxed("data:image/jpeg;base64,", size, boxes, height)
    bottom, top = chart.layout.yaxis.range
    scale = min(height / (bottom - top), 340 / width)  # pixels of the screen for one of the photo

    assert -top * scale >= 17  # 13 pixels of letters and their frame
    assert [each.xanchor for each in chart.layout.annotations] == ["left", "right"]
    assert [each.x for each in chart.layout.annotations] == [0, width]


def test_an_overlay_shows_ink_and_what_speaks_for_and_against_it():
    seen, values = np.zeros((28, 28), np.uint8), np.zeros((28, 28), np.float32)
    seen[4, 5], values[4, 5], values[6, 7] = 255, 1, -0.5
    chart = overlay(seen, values, "Which pixels decided", 200, "share")

    assert len(chart.data) == 2
    assert np.array(chart.data[0].z)[4, 5] == 255
    assert (np.array(chart.data[1].z)[4, 5], np.array(chart.data[1].z)[6, 7]) == (1, -0.5)
    assert (chart.data[1].zmin, chart.data[1].zmax) == (-1, 1)
