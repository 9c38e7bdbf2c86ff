"""Pictures of a network as a whole."""

import numpy as np

from digits_core.figures.network_figures import (
    Histogram,
    contributions,
    histograms,
    logits,
    sample_map,
    separation,
)
from digits_core.figures.palette import DIGIT_COLOURS


def test_what_adds_to_a_sum_is_red_and_what_takes_from_it_blue():
    (bars,) = contributions(["up", "<down>"], [0.5, -0.25], "Sum").data

    assert list(bars.marker.color) == [DIGIT_COLOURS[5], DIGIT_COLOURS[0]]
    assert list(bars.y) == ["up", "&lt;down&gt;"]
    assert list(bars.text) == ["+0.500", "−0.250"]


def test_histograms_lie_over_one_another():
    chart = histograms(
        [Histogram("a", "#111111", [0, 1, 2], [0.25, 0.75]), Histogram("b", "#222222", [0, 1, 2], [1, 0])], "W"
    )

    assert [line.name for line in chart.data] == ["a", "b"]
    assert list(chart.data[0].x) == [0, 1, 2]
    assert list(chart.data[0].y) == [0.25, 0.75, 0]


def test_samples_stand_at_their_points_with_their_digit_in_the_middle():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [9.0, 9.0]])
    chart = sample_map(points, np.array([7, 7, 7, 3]), np.array([40, 41, 42, 43]), "Map", [0.5, 0.25])
    samples, names = chart.data

    assert (list(samples.x), list(samples.y)) == ([0, 2, 4, 9], [1, 3, 5, 9])
    assert [list(each) for each in samples.customdata] == [[7, 40], [7, 41], [7, 42], [3, 43]]
    assert list(samples.marker.color) == [DIGIT_COLOURS[7]] * 3 + [DIGIT_COLOURS[3]]
    assert list(zip(names.text, names.x, names.y, strict=True)) == [("<b>3</b>", 9, 9), ("<b>7</b>", 2, 3)]
    assert "50%" in chart.layout.xaxis.title.text


def test_networks_are_lines_over_the_layers():
    chart = separation(["pixels", "fc2"], [("one", "#111111", [0.8, 0.9]), ("two", "#222222", [0.8, 0.7])], 300)

    assert [(line.name, list(line.y)) for line in chart.data] == [("one", [0.8, 0.9]), ("two", [0.8, 0.7])]
    assert "300" in chart.layout.title.text


def test_logits_beside_each_other_share_their_axis():
    one, other = (logits([value] * 10, "Logits", reach=3) for value in (-0.1, 2.5))

    assert tuple(one.layout.xaxis.range) == tuple(other.layout.xaxis.range) == (-3, 3)


def test_logits_have_the_digits_colours():
    (bars,) = logits([float(value) for value in range(-5, 5)], "Logits").data

    assert list(bars.x) == list(range(-5, 5))
    assert tuple(bars.marker.color) == DIGIT_COLOURS
