"""Charts of sweeps."""

import pytest

from digits_core.figures.sweep_axes import Axis
from digits_core.figures.sweep_figures import Result, against_one, against_two, best_so_far, over_two

RATES = [Result(0.01, None, 0.9, "#2"), Result(0.001, None, 0.7, "#1"), Result(0.001, None, 0.5, "#3")]
PAIRS = [
    Result(16, "Adam", 0.9, "#1"),
    Result(64, "Adam", 0.8, "#2"),
    Result(16, "SGD", None, "#3"),
    Result(64, "SGD", 0.6, "#4"),
    Result(64, "SGD", 0.7, "#5"),
]


def test_one_setting_is_a_line_of_means_with_each_run_as_a_point_and_the_spread_as_a_band():
    lowest, highest, means, points, lost, best = against_one(RATES, "learning rate", "accuracy", Axis(log=True)).data

    assert list(means.x) == [0.001, 0.01]
    assert list(means.y) == pytest.approx([0.6, 0.9])
    assert (list(lowest.y), list(highest.y)) == ([0.5, 0.9], [0.7, 0.9])
    assert sorted(points.y) == [0.5, 0.7, 0.9]
    assert (list(best.x), list(best.y)) == ([0.01], [0.9])
    assert list(lost.x) == []


def test_a_run_without_a_result_is_shown_as_one():
    chart = against_one([*RATES, Result(1.0, None, None, "#4")], "learning rate", "accuracy", Axis(log=True))

    assert list(chart.data[4].x) == [1.0]
    assert "no result" in chart.data[4].hovertemplate
    assert "n = 4" in chart.layout.title.text


def test_numbers_keep_their_distances_and_words_their_order():
    assert against_one(RATES, "learning rate", "accuracy", Axis(log=True)).layout.xaxis.type == "log"
    words = against_one([Result("SGD", None, 0.5, ""), Result("Adam", None, 0.6, "")], "optimizer", "accuracy", Axis())

    assert words.layout.xaxis.type == "category"
    assert list(words.data[2].x) == ["SGD", "Adam"]


def test_of_times_the_shortest_is_best():
    chart = against_one(RATES, "learning rate", "seconds", Axis(log=True))

    assert list(chart.data[5].y) == [0.5]
    assert chart.layout.yaxis.title.text == "training time (s)"


def test_two_settings_are_a_map_of_means_with_the_best_framed():
    chart = against_two(PAIRS, ("batch size", "optimizer"), "accuracy")
    cells, frame = chart.data[0], chart.layout.shapes[0]

    assert [list(row) for row in cells.z] == [[0.9, 0.8], [None, pytest.approx(0.65)]]
    assert [list(row) for row in cells.text] == [["90.00%", "80.00%"], ["no result", "65.00%"]]
    assert (list(cells.x), list(cells.y)) == (["16", "64"], ["Adam", "SGD"])
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, -0.5, 0.5)


def test_cells_have_their_places_before_their_runs_have_ended():
    chart = against_two(PAIRS[:1], ("batch size", "optimizer"), "accuracy", ([16, 64, 256], ["Adam", "SGD"]))

    assert list(chart.data[0].x) == ["16", "64", "256"]
    assert [list(row) for row in chart.data[0].z] == [[0.9, None, None], [None, None, None]]


def test_draws_over_two_ranges_are_points_with_the_best_ringed():
    drawn = [Result(0.001, 0.1, 0.7, "#1"), Result(0.02, 0.5, 0.9, "#2"), Result(1.0, 0.2, None, "#3")]
    points, ring = over_two(drawn, ("learning rate", "dropout"), "accuracy", (Axis(log=True), Axis())).data

    assert list(points.marker.color) == [0.7, 0.9]
    assert (list(ring.x), list(ring.y)) == ([0.02], [0.5])


def test_the_best_so_far_never_falls():
    runs, best = best_so_far([None, 0.5, 0.4, None, 0.8], 8).data

    assert list(runs.y) == [None, 0.5, 0.4, None, 0.8]
    assert list(best.y) == [None, 0.5, 0.5, 0.5, 0.8]


@pytest.mark.parametrize("results", [RATES[:1], RATES])
def test_the_axis_of_numbers_holds_what_is_planned_from_the_first_result_on(results):
    chart = against_one(results, "learning rate", "accuracy", Axis((0.00001, 0.001, 0.1), log=True, ticks=True))
    low, high = chart.layout.xaxis.range

    assert (low < -5, high > -1) == (True, True)
    assert (low, high) == pytest.approx((-5.24, -0.76))
    assert "0.001" in chart.layout.xaxis.ticktext
    assert chart.layout.transition.duration is None, "with a transition, plotly keeps the axes of the first frame"


def test_the_axis_of_words_holds_what_is_planned():
    chart = against_one([], "optimizer", "accuracy", Axis(("Adam", "SGD", "RMSprop")))

    assert chart.layout.xaxis.categoryarray == ("Adam", "SGD", "RMSprop")
    assert chart.layout.xaxis.range == pytest.approx((-0.54, 2.54))


def test_the_axes_of_draws_and_of_the_best_so_far_hold_what_is_planned():
    drawn = over_two([], ("learning rate", "dropout"), "accuracy", (Axis((0.001, 1), log=True), Axis((0.0, 0.5))))

    assert drawn.layout.xaxis.range == pytest.approx((-3.18, 0.18))
    assert drawn.layout.yaxis.range == pytest.approx((-0.03, 0.53))
    assert best_so_far([0.5], 8).layout.xaxis.range == pytest.approx((0.02, 8.98))


def test_an_accuracy_is_never_drawn_beyond_100_percent():
    for chart in (against_one(RATES[:1], "learning rate", "accuracy", Axis()), best_so_far([1.0], 4)):
        assert chart.layout.yaxis.autorangeoptions.clipmax == 1.02


def test_the_outer_cells_of_a_map_are_whole():
    chart = against_two(PAIRS, ("batch size", "optimizer"), "accuracy", ([16, 64, 256], ["Adam", "SGD"]))

    assert chart.layout.xaxis.range[0] < -0.5 < 2.5 < chart.layout.xaxis.range[1]
    assert chart.layout.yaxis.range[0] < -0.5 < 1.5 < chart.layout.yaxis.range[1]


def test_of_a_tie_all_are_marked():
    tied = [Result(1, None, 0.9, "#1"), Result(2, None, 0.9, "#2"), Result(4, None, 0.8, "#3")]
    pairs = [Result(each.x, "Adam", each.value, each.name) for each in tied]

    assert list(against_one(tied, "epochs", "accuracy", Axis()).data[5].x) == [1, 2]
    assert [frame.x0 for frame in against_two(pairs, ("epochs", "optimizer"), "accuracy").layout.shapes] == [-0.5, 0.5]
    ring = over_two(
        [Result(each.x, 0.5, each.value, "") for each in tied], ("a", "b"), "accuracy", (Axis(), Axis())
    ).data[1]
    assert list(ring.x) == [1, 2]


EMPTY = [
    against_one([], "epochs", "accuracy", Axis()),
    against_two([], ("a", "b"), "accuracy"),
    over_two([], ("a", "b"), "seconds", (Axis(log=True), Axis(log=True))),
    best_so_far([], 4),
]


@pytest.mark.parametrize("chart", EMPTY)
def test_a_sweep_without_a_result_has_an_empty_chart_with_its_title(chart):
    assert "n = 0" in chart.layout.title.text


def test_of_errors_the_least_is_best_and_one_of_0_is_inside_its_axis():
    errors = [Result(0.01, None, 0.0, "#2"), Result(0.001, None, 0.02, "#1")]
    chart = against_one(errors, "learning rate", "error", Axis(log=True))
    low, high = (10**end for end in chart.layout.yaxis.range)
    best = chart.data[5]

    assert chart.layout.yaxis.type == "log"
    assert (list(best.x), list(best.customdata)) == ([0.01], [0.0])
    assert all(low < y < high for y in chart.data[3].y)


def test_a_map_of_errors_is_coloured_by_factors_and_frames_the_least():
    errors = [Result(16, "Adam", 0.1, "#1"), Result(64, "Adam", 0.01, "#2"), Result(256, "Adam", 0.001, "#3")]
    chart = against_two(errors, ("batch size", "optimizer"), "error")

    assert chart.data[0].z[0] == pytest.approx([-1, -2, -3])
    assert list(chart.data[1].text) == ["10.00%", "1.00%", "0.10%"]
    assert chart.layout.shapes[0].x0 == 1.5


def test_the_best_so_far_of_errors_falls():
    runs, best = best_so_far([0.9, None, 0.99, 0.95], 4, log=True).data

    assert list(best.customdata) == pytest.approx([0.1, 0.1, 0.01, 0.01])
    assert runs.y[1] is None


def test_without_a_result_the_axis_is_that_of_accuracies():
    assert tuple(against_one([], "learning rate", "accuracy", Axis([1, 2])).layout.yaxis.range) == (0, 1.02)
