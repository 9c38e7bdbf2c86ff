"""Charts of a training keep still while it goes on, and show what they are given."""

import numpy as np
import pytest

from digits_core.figures import training_figures
from digits_core.figures.basic_charts import Curve
from digits_core.figures.training_figures import Line, Mark, nice_above

LOSSES = [0.9, 0.4, 0.2, 0.1]
GUESSING = 2.3


def curve(epochs: int) -> Curve:
    values = LOSSES[:epochs]
    accuracy = [1 - value / 2 for value in values]
    return Curve("", "#123456", range(1, epochs + 1), accuracy, accuracy, values, values)


def batches(count: int) -> Line:
    return Line([each / 90 for each in range(1, count + 1)], [2.3 / (1 + each / 30) for each in range(count)])


def axes(chart) -> tuple:
    return chart.layout.xaxis.range, chart.layout.yaxis.range, chart.layout.margin


def test_the_loss_chart_keeps_its_axes_from_before_the_first_batch_to_the_last():
    stages = [(0, 0), (0, 5), (0, 90), (1, 95), (4, 360)]
    charts = [training_figures.live_loss(curve(epochs), batches(count), 4, GUESSING) for epochs, count in stages]

    assert len({str(axes(chart)) for chart in charts}) == 1
    assert charts[-1].data[2].y[0] == 2.3


@pytest.mark.parametrize("loss", [27.0, 270.0, 1.8e34])
def test_a_loss_that_explodes_is_inside_the_axis_as_are_all_others(loss):
    wild = Curve("", "#123456", [1], [0.1], [0.1], [loss], [0.3])
    axis = training_figures.live_loss(wild, batches(5), 4, GUESSING).layout.yaxis
    ends = [10**end for end in axis.range] if axis.type == "log" else axis.range

    assert ends[0] <= 0.3
    assert loss <= ends[1] <= 20 * loss


def test_accuracies_near_the_top_get_an_axis_that_shows_their_difference():
    good = Curve("", "#123456", [1, 2], [0.96, 0.97], [0.98, 0.99], [0.1, 0.1], [0.1, 0.1])

    assert training_figures.live_accuracy(good, 4).layout.yaxis.range[0] == 0.95
    assert training_figures.live_accuracy(curve(0), 4).layout.yaxis.range[0] == 0


def test_on_the_logarithmic_scale_the_error_is_drawn_and_a_perfect_epoch_says_so():
    perfect = Curve("", "#123456", [1, 2], [0.96, 0.99], [0.98, 1.0], [0.1, 0.01], [0.1, 0.01])
    chart = training_figures.live_accuracy(perfect, 4, log=True)
    low, high = (10**end for end in chart.layout.yaxis.range)

    assert chart.layout.yaxis.type == "log"
    assert list(chart.data[0].y) == pytest.approx([0.04, 0.01])
    assert list(chart.data[1].customdata) == pytest.approx([0.02, 0.0])
    assert low < chart.data[1].y[1] < 0.01 < high
    assert training_figures.live_loss(perfect, batches(9), 4, GUESSING, log=True).layout.yaxis.type == "log"


def test_another_scale_is_another_view_which_a_zoom_does_not_outlive():
    views = {training_figures.live_accuracy(curve(2), 4, log=log).layout.uirevision for log in (False, True)}

    assert len(views) == 2


def test_a_long_training_sends_no_more_points_than_can_be_seen_and_always_the_last():
    line = training_figures.live_loss(curve(1), batches(100_000), 2000, GUESSING).data[2]

    assert len(line.x) <= training_figures.BATCH_POINTS + 1
    assert line.x[-1] == batches(100_000).x[-1]


def test_changes_by_hand_are_marked_where_they_were_made():
    chart = training_figures.learning_rate(Line([0.5, 1.0], [0.001, 0.0005]), 4, 0.001, [Mark(0.7, "rate 0.0005")])

    assert chart.layout.shapes[0].x0 == 0.7
    assert chart.layout.annotations[0].text == "rate 0.0005"


def test_each_layer_has_its_line():
    chart = training_figures.norms([1, 2], {"conv1": [0.1, 0.2], "fc3": [3.0, 4.0]}, "gradient", 4)

    assert [(line.name, list(line.y)) for line in chart.data] == [("conv1", [0.1, 0.2]), ("fc3", [3.0, 4.0])]
    assert chart.layout.yaxis.type == "log"


def test_the_confusion_matrix_tells_right_answers_from_mistakes():
    matrix = np.diag([9] * 10)
    matrix[4, 9] = 1
    right, wrong, numbers = training_figures.confusion(matrix.tolist(), "n = 91").data

    assert right.z[4][4] == 0.9
    assert right.z[4][9] is None
    assert wrong.z[4][9] == 0.1
    assert numbers.text[4 * 10 + 9] == "1"
    assert numbers.text[4 * 10 + 8] == ""


def test_watched_images_stand_beside_their_probabilities():
    images, labels = np.zeros((2, 8, 8), np.uint8), [3, 7]
    probabilities = np.full((2, 10), 0.05)
    probabilities[0, 3] = probabilities[1, 7] = 0.55
    chart = training_figures.watched_now(images, labels, probabilities, "n = 2")

    assert len(chart.layout.images) == 2
    assert list(chart.layout.yaxis.ticktext) == ["3", "7"]
    assert (chart.data[0].z[0][3], chart.data[0].z[1][7]) == (0.55, 0.55)


@pytest.mark.parametrize(("value", "above"), [(0.0, 1), (0.092, 0.1), (2.35, 2.5), (2.5, 2.5), (7, 8), (270, 300)])
def test_axes_end_at_round_numbers(value, above):
    assert nice_above(value) == pytest.approx(above)
