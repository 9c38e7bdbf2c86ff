"""Charts of several runs keep to what was measured, however much there is of it."""

import json

import numpy as np
import pytest

from digits_core.figures import comparison
from digits_core.figures.comparison import Axis, Dot, RunLine, Scale, thinned

LOSS = Scale("loss")
ACCURACY = Scale("accuracy", percent=True)


def line(values, run="#1 Lecture", split="test", smoothed=None) -> RunLine:
    values = np.array(values, float)
    epochs = np.arange(1, len(values) + 1)
    return RunLine(run, split, "#123456", epochs, 2.0 * epochs, values, smoothed)


def test_a_thinned_line_keeps_its_ends_and_every_spike():
    values = np.sin(np.arange(5000) / 300)
    values[1234], values[4321] = 9.0, -9.0
    kept = thinned(values, 200)

    assert len(kept) <= 202
    assert {0, 1234, 4321, 4999} <= set(kept.tolist())


def test_a_short_line_is_drawn_whole():
    assert thinned(np.zeros(50), 60).tolist() == list(range(50))


def test_64_runs_of_5000_epochs_stay_few_points_and_each_was_measured():
    values = np.random.default_rng(0).random(5000)
    chart = comparison.run_curves([line(values, f"#{run} Lecture") for run in range(64)], "Loss", LOSS)

    assert sum(len(each.x) for each in chart.data) <= 1.05 * comparison.POINTS
    for each in chart.data:
        assert each.y.tolist() == values[np.array(each.x) - 1].tolist()


def test_by_seconds_a_point_stands_at_the_time_that_training_took():
    chart = comparison.run_curves([line([0.9, 0.4])], "Loss", LOSS, by_seconds=True)

    assert chart.data[0].x.tolist() == [2.0, 4.0]
    assert chart.layout.xaxis.title.text == "training time (s)"


def test_the_measured_line_stays_behind_a_smoothed_one():
    behind, front = comparison.run_curves([line([1, 0], smoothed=np.array([1, 0.5]))], "Loss", LOSS).data

    assert (behind.y.tolist(), front.y.tolist()) == ([1, 0], [1, 0.5])
    assert behind.opacity < 0.5
    assert front.customdata[:, 1].tolist() == [1, 0]


def test_training_is_dotted_and_test_solid_and_a_run_is_named_once():
    chart = comparison.run_curves(
        [line([1], split="training"), line([1]), line([1], run="#2 other")], "Loss", LOSS
    )  # fmt: skip

    assert [each.line.dash for each in chart.data[:2]] == ["dot", "solid"]
    assert [each.showlegend for each in chart.data] == [False, True, True]


def test_the_axes_keep_still_while_epochs_arrive():
    def ranges(count):
        chart = comparison.run_curves([line([0.9, 0.95, 0.97][:count])], "Accuracy", ACCURACY, epochs=9)
        return chart.layout.xaxis.range, chart.layout.yaxis.range, chart.layout.margin

    assert ranges(1) == ranges(3)


@pytest.mark.parametrize("scale", [LOSS, ACCURACY, Scale("loss", log=True)])
def test_before_the_first_epoch_the_chart_is_empty_and_drawn(scale):
    chart = comparison.run_curves([line([])], "Curves", scale, epochs=4)

    assert chart.layout.xaxis.range == (0.5, 4.5)
    assert len(chart.data[0].x) == 0


def texts_of(chart) -> str:
    """All that a chart says: plotly writes < as \\u003c, which says nothing about what the browser makes of it."""
    return json.dumps(json.loads(chart.to_json()), ensure_ascii=False)


def test_names_are_text_and_never_markup():
    wild = "#1 <i>b</i>"
    charts = [
        comparison.run_curves([line([1, 2], run=wild), line([1], run="#2")], "Loss", LOSS),
        comparison.scatter([Dot(wild, "#123456", 1, 2)], LOSS, ACCURACY),
        comparison.digits_of_runs([wild], np.ones((1, 10), int), np.ones(10, int), 0),
        comparison.parallel_coordinates(
            [Axis(wild, [0, 1], [(0, wild), (1, "1")])], ["#111111", "#222222"], [0.1, 0.2], "t", "Accuracy"
        ),
    ]

    for text in map(texts_of, charts):
        assert "<i>" not in text
        assert "&lt;i&gt;b" in text


def test_parallel_coordinates_have_a_colour_for_each_run_or_for_its_result():
    axes = [Axis("Epochs", [1, 2]), Axis("Accuracy", [0.9, 0.8], percent=True)]
    by_run = comparison.parallel_coordinates(axes, ["#111111", "#222222"], [0.9, 0.8], "t", "Accuracy").data[0]
    by_result = comparison.parallel_coordinates(axes, [], [0.9, 0.8], "t", "Accuracy").data[0]

    assert [colour for _, colour in by_run.line.colorscale] == ["#111111", "#111111", "#222222", "#222222"]
    assert list(by_result.line.color) == [0.9, 0.8]


def test_a_scatter_of_words_has_an_axis_of_words():
    dots = [Dot("#1", "#111111", "SGD", 0.9), Dot("#2", "#222222", "Adam", 0.8)]
    chart = comparison.scatter(dots, Scale("Optimizer"), ACCURACY)

    assert chart.layout.xaxis.type == "category"
    assert list(chart.layout.xaxis.categoryarray) == ["Adam", "SGD"]
    assert list(chart.data[0].customdata) == [0, 1]


def test_what_is_changed_by_factors_has_a_logarithmic_axis_with_its_own_values_as_ticks():
    dots = [Dot("#1", "#111111", value, 0.5) for value in (0.001, 0.01)]
    axis = comparison.scatter(dots, Scale("Learning rate", log=True), ACCURACY).layout.xaxis

    assert (axis.type, list(axis.ticktext)) == ("log", ["0.001", "0.01"])


def test_each_digit_is_compared_with_the_baseline():
    right = np.array([[8] * 10, [9] * 9 + [4]])
    chart = comparison.digits_of_runs(["#1 a", "#2 b"], right, np.full(10, 10), baseline=0)

    words = chart.data[1]
    assert list(words.text[:2]) == ["80.0", "80.0"]
    assert list(words.text[-3:]) == ["+10", "−40", "+5.0"]
    assert list(words.customdata[-2])[1:] == [4, 10]


def test_a_digit_without_test_images_has_no_accuracy():
    images = np.array([0, *[10] * 9])
    chart = comparison.digits_of_runs(["#1 a"], images[None], images, baseline=0)

    assert list(chart.data[1].text[:2]) == ["–", "100"]
