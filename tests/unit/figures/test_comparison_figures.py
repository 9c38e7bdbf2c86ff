"""Charts that compare runs say what was measured, and names as text."""

import json

import numpy as np

from digits_core.figures import comparison_figures
from digits_core.figures.comparison_figures import Axis, Dot, Scale
from digits_core.figures.run_curves import RunLine, run_curves

LOSS = Scale("loss")
ACCURACY = Scale("accuracy", percent=True)


def named(run: str) -> RunLine:
    one = np.ones(1)
    return RunLine(run, "test", "#123456", one, one, one)


def texts_of(chart) -> str:
    """All that a chart says: plotly writes < as \\u003c, which says nothing about what the browser makes of it."""
    return json.dumps(json.loads(chart.to_json()), ensure_ascii=False)


def test_names_are_text_and_never_markup():
    wild = "#1 <i>b</i>"
    charts = [
        run_curves([named(wild), named("#2")], "Loss", LOSS),
        comparison_figures.scatter([Dot(wild, "#123456", 1, 2)], LOSS, ACCURACY),
        comparison_figures.digits_of_runs([wild], np.ones((1, 10), int), np.ones(10, int), 0),
        comparison_figures.parallel_coordinates(
            [Axis(wild, [0, 1], [(0, wild), (1, "1")])], ["#111111", "#222222"], [0.1, 0.2], "t", "Accuracy"
        ),
    ]

    for text in map(texts_of, charts):
        assert "<i>" not in text
        assert "&lt;i&gt;b" in text


def test_parallel_coordinates_have_a_colour_for_each_run_or_for_its_result():
    axes = [Axis("Epochs", [1, 2]), Axis("Accuracy", [0.9, 0.8], percent=True)]
    by_run = comparison_figures.parallel_coordinates(axes, ["#111111", "#222222"], [0.9, 0.8], "t", "Accuracy").data[0]
    by_result = comparison_figures.parallel_coordinates(axes, [], [0.9, 0.8], "t", "Accuracy").data[0]

    assert [colour for _, colour in by_run.line.colorscale] == ["#111111", "#111111", "#222222", "#222222"]
    assert list(by_result.line.color) == [0.9, 0.8]


def test_a_scatter_of_words_has_an_axis_of_words():
    dots = [Dot("#1", "#111111", "SGD", 0.9), Dot("#2", "#222222", "Adam", 0.8)]
    chart = comparison_figures.scatter(dots, Scale("Optimizer"), ACCURACY)

    assert chart.layout.xaxis.type == "category"
    assert list(chart.layout.xaxis.categoryarray) == ["Adam", "SGD"]
    assert list(chart.data[0].customdata) == [0, 1]


def test_what_is_changed_by_factors_has_a_logarithmic_axis_with_its_own_values_as_ticks():
    dots = [Dot("#1", "#111111", value, 0.5) for value in (0.001, 0.01)]
    axis = comparison_figures.scatter(dots, Scale("Learning rate", log=True), ACCURACY).layout.xaxis

    assert (axis.type, list(axis.ticktext)) == ("log", ["0.001", "0.01"])


def test_each_digit_is_compared_with_the_baseline():
    right = np.array([[8] * 10, [9] * 9 + [4]])
    chart = comparison_figures.digits_of_runs(["#1 a", "#2 b"], right, np.full(10, 10), baseline=0)

    words = chart.data[1]
    assert list(words.text[:2]) == ["80.0", "80.0"]
    assert list(words.text[-3:]) == ["+10", "−40", "+5.0"]
    assert list(words.customdata[-2])[1:] == [4, 10]


def test_a_digit_without_test_images_has_no_accuracy():
    images = np.array([0, *[10] * 9])
    chart = comparison_figures.digits_of_runs(["#1 a"], images[None], images, baseline=0)

    assert list(chart.data[1].text[:2]) == ["–", "100"]
