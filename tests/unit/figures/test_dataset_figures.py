"""Pictures of whole datasets hold the numbers that they were given."""

import numpy as np
import pytest

from digits_core.figures.dataset_figures import balances, image_map, nearest_distances, pixel_values
from digits_core.figures.palette import DIGIT_COLOURS


def test_the_histogram_holds_the_share_of_every_value_of_each_set():
    counts = np.zeros(256, dtype=int)
    counts[[0, 1, 255]] = 6, 2, 2
    chart = pixel_values({"one": counts, "two": counts[::-1]}, log=False)

    assert [share for share in chart.data[0].y if share] == pytest.approx([0.8, 0.2])
    assert [share for share in chart.data[1].y if share] == pytest.approx([0.2, 0.8])
    assert "n = 20 pixels" in chart.layout.title.text
    assert chart.layout.showlegend


@pytest.mark.parametrize("counts", [np.zeros(256, int), np.eye(256, dtype=int)[0] * 10**9])
def test_the_logarithmic_histogram_takes_empty_sets_and_ones_of_a_single_value(counts):
    axis = pixel_values({"one": counts}, log=True).layout.yaxis

    assert axis.type == "log"
    assert axis.range[0] < axis.range[1]


def test_the_smallest_share_is_inside_the_logarithmic_axis():
    counts = np.full(256, 10)
    counts[0] = 10**7
    chart = pixel_values({"one": counts}, log=True)

    assert min(chart.data[0].y) > 10 ** chart.layout.yaxis.range[0]


def test_two_sets_are_compared_by_shares_and_told_apart():
    chart = balances({"one": np.full(10, 5), "two": np.eye(10, dtype=int)[3] * 7})

    assert list(chart.data[0].y) == pytest.approx([0.1] * 10)
    assert chart.data[1].y[3] == 1
    assert chart.data[0].marker.color != chart.data[1].marker.color
    assert "n = 57" in chart.layout.title.text


def test_names_that_look_like_html_stay_text():
    name = "<a href='x'>set</a>"
    counts = np.ones(256, dtype=int)
    for chart in (pixel_values({name: counts}, False), balances({name: counts[:10]})):
        assert "<" not in chart.data[0].name


def test_each_point_of_the_map_has_its_digits_colour_and_its_place():
    points = np.arange(8.0).reshape(4, 2)
    chart = image_map(points, np.array([7, 3, 7, 3]), np.array([10, 11, 12, 13]), "Map", ("a", "b"), "select")

    assert [trace.name for trace in chart.data] == ["3", "7"]
    assert [list(trace.customdata) for trace in chart.data] == [[11, 13], [10, 12]]
    assert list(chart.data[1].x) == [0, 4]
    assert [trace.marker.color for trace in chart.data] == [DIGIT_COLOURS[3], DIGIT_COLOURS[7]]
    assert chart.layout.dragmode == "select"


def test_every_image_is_in_the_histogram_of_distances_and_the_threshold_is_drawn():
    chart = nearest_distances({"training": np.array([1.0, 20, 30]), "test": np.array([2.0])}, 12)

    assert [sum(bars.y) for bars in chart.data] == [2, 1]  # the farthest half percent are beyond the axis
    assert chart.layout.shapes[0].x0 == 12


def test_a_set_without_test_images_has_a_histogram_of_distances():
    chart = nearest_distances({"training": np.full(200, 5.0), "test": np.empty(0)}, 0)

    assert sum(chart.data[0].y) == 200
    assert sum(chart.data[1].y) == 0
