"""Charts hold the numbers that they were given, with titles, axis names and the number of samples."""

import numpy as np
import pytest

from digits_core.figures.basic_charts import Curve, class_balance, curves, loss_and_accuracy, probabilities

RUN = Curve("#1 Lecture", "#123456", [1, 2], [0.5, 0.8], [0.6, 0.9], [1.5, 0.7], [1.2, 0.4])


def test_the_balance_holds_every_count_and_says_how_many_images_there_are():
    train, test = np.arange(10, 20), np.arange(10)
    chart = class_balance(train, test)
    assert list(chart.data[0].y) == list(train)
    assert list(chart.data[1].y) == list(test)
    assert "n = 190" in chart.layout.title.text
    assert chart.layout.xaxis.title.text == "digit"
    assert chart.layout.yaxis.title.text == "images"


@pytest.mark.parametrize(
    ("measure", "train", "test"), [("loss", [1.5, 0.7], [1.2, 0.4]), ("accuracy", [0.5, 0.8], [0.6, 0.9])]
)
def test_a_run_has_a_dotted_training_and_a_solid_test_curve_in_its_colour(measure, train, test):
    chart = curves([RUN], measure)
    assert [list(line.y) for line in chart.data] == [train, test]
    assert [line.line.dash for line in chart.data] == ["dot", "solid"]
    assert {line.line.color for line in chart.data} == {"#123456"}


def test_room_is_reserved_for_the_epochs_to_come():
    assert curves([RUN], "loss", epochs=40).layout.xaxis.range == (0.5, 40.5)


def test_a_run_without_epochs_gives_an_empty_chart_and_no_error():
    chart = curves([Curve("", "#123456", [], [], [], [], [])], "accuracy", epochs=4)
    assert all(len(line.x) == 0 for line in chart.data)


def test_a_name_that_looks_like_html_stays_text():
    run = Curve("<b>bold</b> & <a href='x'>link</a>", "#123456", [1], [0.5], [0.6], [1.5], [1.2])
    assert all("<" not in line.name for line in curves([run], "loss").data)


def test_loss_and_accuracy_stand_beside_each_other_each_on_its_own_axes():
    chart = loss_and_accuracy(RUN, 4, "<b>#1</b>")
    drawn = [(line.xaxis, line.yaxis, list(line.y)) for line in chart.data]
    assert drawn == [
        ("x", "y", [1.5, 0.7]),
        ("x", "y", [1.2, 0.4]),
        ("x2", "y2", [0.5, 0.8]),
        ("x2", "y2", [0.6, 0.9]),
    ]
    assert chart.layout.xaxis.range == chart.layout.xaxis2.range == (0.5, 4.5)
    assert chart.layout.xaxis.domain[1] < chart.layout.xaxis2.domain[0]
    assert [line.showlegend for line in chart.data] == [True, True, False, False]
    assert "<b>" not in chart.layout.title.text


def test_zoom_survives_an_update():
    assert curves([RUN], "loss").layout.uirevision == curves([], "loss").layout.uirevision


def test_the_ten_probabilities_are_plain_numbers_with_the_best_one_written_out():
    values = np.full(10, 0.02, dtype=np.float32)
    values[7] = 0.82
    bars = probabilities(values, "Probability").data[0]
    assert list(bars.x) == pytest.approx(values.tolist())
    assert bars.text[7] == "82.0%"
    assert bars.marker.opacity[7] == max(bars.marker.opacity)
