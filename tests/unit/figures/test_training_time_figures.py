"""Charts of training time show every run that was measured, and its spread."""

from digits_core.figures.comparison_figures import Scale
from digits_core.figures.training_time_figures import Mean, Measured, Series, accuracy_for_time, measured

BATCH = Scale("Batch size", log=True)
SECONDS = Scale("Training time (s)")
ACCURACY = Scale("Accuracy", percent=True)
ADAM = Series("Adam", 0, [Measured("#1 a", 16, 2.0), Measured("#2 b", 16, 4.0)], [Mean(16, 3.0, 1.4, 2)])
SGD = Series("SGD", 2, [Measured("#3 <i>c</i>", 64, 1.0)])


def test_every_run_is_a_point_and_repeated_settings_have_their_mean_and_deviation():
    adam, means, sgd = measured([ADAM, SGD], BATCH, SECONDS).data

    assert list(adam.y) == [2.0, 4.0]
    assert list(adam.customdata) == [16, 16]
    assert (list(means.y), list(means.error_y.array)) == ([3.0], [1.4])
    assert list(sgd.y) == [1.0]


def test_optimizers_differ_in_colour_and_in_form():
    adam, _, sgd = measured([ADAM, SGD], BATCH, SECONDS).data

    assert adam.marker.color != sgd.marker.color
    assert adam.marker.symbol != sgd.marker.symbol


def test_an_optimizer_keeps_its_colour_when_others_are_filtered_out():
    colour = measured([SGD], BATCH, SECONDS).data[0].marker.color

    assert colour == measured([ADAM, SGD], BATCH, SECONDS).data[-1].marker.color


def test_series_that_share_a_value_stand_beside_each_other_in_reach_of_it():
    other = Series("SGD", 2, ADAM.points)
    left, right = (each.x[0] for each in measured([ADAM, other], BATCH, SECONDS).data if each.showlegend is None)

    assert 15 < left < 16 < right < 17


def test_the_values_that_were_tried_are_the_ticks():
    axis = measured([ADAM, SGD], BATCH, SECONDS).layout.xaxis

    assert (axis.type, list(axis.tickvals)) == ("log", [16, 64])


def test_times_start_at_zero_and_accuracies_where_they_are():
    assert measured([ADAM], BATCH, SECONDS).layout.yaxis.rangemode == "tozero"
    assert measured([ADAM], BATCH, ACCURACY).layout.yaxis.rangemode is None


def test_the_front_is_a_line_of_steps_through_its_runs_with_their_numbers():
    front = [Measured("#3 c", 1.0, 0.8), Measured("#1 a", 10.0, 0.9)]
    chart = accuracy_for_time([SGD], front, Scale("Training time (s)", log=True), ACCURACY)

    assert (list(chart.data[-1].x), chart.data[-1].line.shape) == ([1.0, 10.0], "hv")
    assert [(note.x, note.text) for note in chart.layout.annotations] == [(0.0, "#3"), (1.0, "#1")]


def test_names_are_text_and_never_markup():
    points = measured([SGD], BATCH, SECONDS).data[0]

    assert list(points.text) == ["#3 &lt;i&gt;c&lt;/i&gt;"]


def test_an_accuracy_alone_is_drawn_between_0_and_100_percent():
    """Plotly would give a single value an axis to 150 % and more."""
    one = Series("Adam", 0, [Measured("#1 a", 16, 0.97)])
    front = accuracy_for_time([one], one.points, SECONDS, ACCURACY)

    for chart in (measured([one], BATCH, ACCURACY), front):
        assert chart.layout.yaxis.autorangeoptions.to_plotly_json() == {"clipmin": -0.02, "clipmax": 1.02}
