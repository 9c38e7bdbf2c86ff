"""The curves of runs keep to what was measured, however much there is of it."""

import numpy as np
import pytest

from digits_core.figures.comparison_figures import Scale
from digits_core.figures.run_curves import POINTS, RunLine, run_curves, thinned

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
    chart = run_curves([line(values, f"#{run} Lecture") for run in range(64)], "Loss", LOSS)

    assert sum(len(each.x) for each in chart.data) <= 1.05 * POINTS
    for each in chart.data:
        assert each.y.tolist() == values[np.array(each.x) - 1].tolist()


def test_very_many_lines_are_a_few_with_gaps_and_each_point_still_names_its_run():
    runs = [line([0.1, 0.2 + run / 1000], f"#{run}", split) for run in range(150) for split in ("training", "test")]
    chart = run_curves(runs, "Loss", LOSS)
    test = chart.data[1]

    assert [each.line.dash for each in chart.data] == ["dot", "solid"]
    assert np.isnan(test.x[2::3]).all()
    assert test.y[1::3].tolist() == [0.2 + run / 1000 for run in range(150)]
    assert list(test.text[1::3]) == [f"#{run}" for run in range(150)]
    assert test.hovertemplate.startswith("<b>%{text}</b>")


def test_by_seconds_a_point_stands_at_the_time_that_training_took():
    chart = run_curves([line([0.9, 0.4])], "Loss", LOSS, by_seconds=True)

    assert chart.data[0].x.tolist() == [2.0, 4.0]
    assert chart.layout.xaxis.title.text == "training time (s)"


def test_the_measured_line_stays_behind_a_smoothed_one():
    behind, front = run_curves([line([1, 0], smoothed=np.array([1, 0.5]))], "Loss", LOSS).data

    assert (behind.y.tolist(), front.y.tolist()) == ([1, 0], [1, 0.5])
    assert behind.opacity < 0.5
    assert front.customdata[:, 1].tolist() == [1, 0]


def test_training_is_dotted_and_test_solid_and_a_run_is_named_once():
    chart = run_curves([line([1], split="training"), line([1]), line([1], run="#2 other")], "Loss", LOSS)

    assert [each.line.dash for each in chart.data[:2]] == ["dot", "solid"]
    assert [each.showlegend for each in chart.data] == [False, True, True]


def test_the_axes_keep_still_while_epochs_arrive():
    def ranges(count):
        chart = run_curves([line([0.9, 0.95, 0.97][:count])], "Accuracy", ACCURACY, epochs=9)
        return chart.layout.xaxis.range, chart.layout.yaxis.range, chart.layout.margin

    assert ranges(1) == ranges(3)


@pytest.mark.parametrize("scale", [LOSS, ACCURACY, Scale("loss", log=True)])
def test_before_the_first_epoch_the_chart_is_empty_and_drawn(scale):
    chart = run_curves([line([])], "Curves", scale, epochs=4)

    assert chart.layout.xaxis.range == (0.5, 4.5)
    assert len(chart.data[0].x) == 0


def test_a_loop_that_counts_from_0_is_drawn_from_there_and_other_metrics_stand_at_steps():
    steps = np.arange(3)
    epochs = run_curves([RunLine("#1", "test", "#000000", steps, steps, np.ones(3))], "Loss", LOSS)
    assert tuple(epochs.layout.xaxis.range) == (-0.5, 2.5)
    assert epochs.layout.xaxis.title.text == "epoch"
    others = run_curves([RunLine("#1", "", "#000000", steps, steps, np.ones(3))], "norm", LOSS)
    assert others.layout.xaxis.title.text == "step"
    assert "step %{x}" in others.data[0].hovertemplate
    assert "test" not in others.data[0].hovertemplate
