"""Pictures of how good a run is: they show the numbers that they are given, and room for all of them."""

from math import nan

import numpy as np
import pytest

from digits_core.figures import evaluation_figures
from digits_core.figures.evaluation_figures import Measured

MATRIX = np.diag([8] * 10)
MATRIX[3, 5] = 2


def numbers(chart) -> dict[tuple[int, int], str]:
    """What stands in each cell, by true digit and answer."""
    cells = chart.data[-1]
    return {(int(y), int(x)): text for x, y, text in zip(cells.x, cells.y, cells.text, strict=True)}


def test_the_matrix_holds_counts_or_shares_of_a_row():
    assert numbers(evaluation_figures.confusion(MATRIX, shares=False))[3, 5] == "2"
    shares = numbers(evaluation_figures.confusion(MATRIX, shares=True))
    assert (shares[3, 5], shares[3, 3], shares[5, 3]) == ("20%", "80%", "")
    assert "n = 82" in evaluation_figures.confusion(MATRIX, shares=True).layout.title.text


@pytest.mark.parametrize(
    ("label", "answer", "frame"),
    [
        (3, 5, (4.5, 5.5, 2.5, 3.5)),
        (3, evaluation_figures.ALL, (-0.5, 9.5, 2.5, 3.5)),
        (evaluation_figures.ALL, 5, (4.5, 5.5, -0.5, 9.5)),
    ],
)
def test_the_chosen_cell_row_or_column_is_framed(label, answer, frame):
    [shape] = evaluation_figures.confusion(MATRIX, False, label, answer).layout.shapes

    assert (shape.x0, shape.x1, shape.y0, shape.y1) == frame
    assert not evaluation_figures.confusion(MATRIX, False).layout.shapes


def test_an_empty_matrix_is_drawn_without_a_number():
    assert set(numbers(evaluation_figures.confusion(np.zeros((10, 10), dtype=int), True)).values()) == {""}


def test_mistakes_stand_in_rows_with_what_they_show_and_what_was_said():
    images = [np.full((8, 8), value, np.uint8) for value in range(10)]
    chart = evaluation_figures.mistakes(images, list(range(10)), [7] * 10, [0.9] * 10, 25, 359)

    assert chart.layout.title.text == "Mistakes: 25 of 359 test images, 10 of them"
    assert [(each.x, each.y) for each in chart.layout.images][7:] == [(7.5, 0), (0.5, 1), (1.5, 1)]
    assert list(chart.data[0].x) == [each.x for each in chart.layout.images]
    assert chart.data[0].text[3] == "3 as 7"


def test_a_run_without_mistakes_says_so():
    chart = evaluation_figures.mistakes([], [], [], [], 0, 359)

    assert [each.text for each in chart.layout.annotations] == ["Every test image was recognised."]


def test_reliability_has_a_bar_for_each_bin_that_holds_images():
    chart = evaluation_figures.reliability(
        np.linspace(0, 1, 4), np.array([0, 4, 6]), np.array([nan, 0.5, 0.9]), np.array([nan, 0.25, 1.0]), "#123456"
    )
    bars, means, diagonal = chart.data

    assert list(bars.y) == [0.25, 1.0]
    assert list(means.x) == [0.5, 0.9]
    assert list(diagonal.x) == list(diagonal.y)
    assert "n = 10" in chart.layout.title.text


def test_right_and_wrong_answers_are_counted_apart():
    right, wrong = evaluation_figures.confidences(np.linspace(0, 1, 3), np.array([0, 50]), np.array([3, 0])).data

    assert list(right.y) == [None, 50]
    assert list(wrong.y) == [3, None]


def test_the_chosen_threshold_is_marked_on_the_curve_where_anything_is_answered():
    curve = np.linspace(0.1, 1, 10), np.linspace(1, 0.9, 10), np.linspace(0.99, 0.3, 10)

    assert list(evaluation_figures.coverage(*curve, (0.5, 0.95), 10, "#123456").data[1].x) == [0.5]
    assert len(evaluation_figures.coverage(*curve, (0.0, nan), 10, "#123456").data) == 1


def test_a_long_curve_keeps_its_ends():
    coverage = np.arange(1, 10_001) / 10_000
    line = evaluation_figures.coverage(coverage, coverage, coverage, (1.0, 1.0), 10_000, "#123456").data[0]

    assert len(line.x) <= 600
    assert (line.x[0], line.x[-1]) == (0.0001, 1.0)


def test_two_runs_stand_beside_each_other_in_their_colours_with_their_errors():
    runs = [Measured("#1 <b>", "#111111", [0.5, 1.0], [0.1, 0.0]), Measured("#2", "#222222", [0.4, 0.9], [0.1, 0.1])]
    chart = evaluation_figures.robustness("Shift", "pixels", [0, 2], 0, runs)

    assert [line.line.color for line in chart.data] == ["#111111", "#222222"]
    assert list(chart.data[0].error_y.array) == [0.1, 0.0]
    assert chart.data[0].name == "#1 &lt;b&gt;"
    assert chart.layout.shapes[0].x0 == 0


def test_each_dataset_has_a_bar_for_each_run_and_none_where_it_was_not_tested():
    chart = evaluation_figures.across(["one", "two"], [Measured("#1", "#111111", [0.5, nan], [0.1, nan])])

    assert list(chart.data[0].y) == ["one", "two"]
    assert list(chart.data[0].text) == ["50.0%", ""]
