"""Charts of who wrote what."""

import numpy as np

from digits_core.figures.handwriting_figures import digit_counts, writers
from digits_core.figures.palette import DIGIT_COLOURS

COUNTS = {"Ada": np.arange(10), "<b>Bob</b>": np.eye(10, dtype=int)[7], "x" * 60: np.zeros(10, int)}


def test_every_writer_is_a_row_of_the_ten_digits_in_their_colours():
    chart = writers(COUNTS)

    assert [bar.marker.color for bar in chart.data] == list(DIGIT_COLOURS)
    assert [list(bar.x) for bar in chart.data] == [[digit, int(digit == 7), 0] for digit in range(10)]
    assert "n = 46" in chart.layout.title.text


def test_a_writers_name_is_shown_as_it_is_and_not_too_long():
    assert list(writers(COUNTS).layout.yaxis.ticktext) == ["Ada", "&lt;b&gt;Bob&lt;/b&gt;", "x" * 17 + "…"]
    assert "&lt;b&gt;Bob" in digit_counts(COUNTS["Ada"], "<b>Bob</b>").layout.title.text


def test_the_counts_of_a_writer_are_bars_by_digit():
    chart = digit_counts(COUNTS["Ada"], "Ada")

    assert list(chart.data[0].y) == list(range(10))
    assert "n = 45" in chart.layout.title.text
