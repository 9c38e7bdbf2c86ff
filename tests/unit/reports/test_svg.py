"""Charts as SVG: points and labels lie where their values say."""

import re
from itertools import pairwise

import pytest

from digits_core.reports.svg import SvgCurve, chart, epoch_ticks, factors_around, spread_out, ticks_around


def test_points_of_a_chart_lie_inside_it_where_their_values_say():
    svg = chart("Loss", [SvgCurve("one", "#000", [1, 2, 3], [1.0, 0.5, float("nan")])], str)
    places = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]

    assert len(places) == 2
    assert places[0][0] < places[1][0]
    assert places[0][1] < places[1][1]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.913, 0.9971), (5, 5), (1e-6, 3e-6), (0, 0), (-2, 7)])
def test_ticks_are_evenly_spread_around_all_values(low, high):
    ticks = ticks_around(low, high)

    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 9
    steps = {round(b - a, 9) for a, b in pairwise(ticks)}
    assert len(steps) == 1


@pytest.mark.parametrize(("low", "high"), [(0.13, 31), (0.9, 1.1), (3e-5, 7e6), (1, 1), (0.002, 0.02)])
def test_ticks_of_a_logarithmic_axis_are_round_and_few(low, high):
    ticks = factors_around(low, high)

    assert 1 <= len(ticks) <= 13
    assert all(f"{tick:e}"[0] in "125" for tick in ticks)
    assert ticks[0] <= 10 * low
    assert ticks[-1] >= high / 10


def test_on_a_logarithmic_axis_equal_factors_are_equally_far_apart():
    svg = chart("Loss", [SvgCurve("one", "#000", [1, 2, 3], [0.1, 1.0, 10.0])], str, log=True)
    first, second, third = (float(y) for y in re.findall(r'cy="([\d.]+)"', svg))

    assert first > second > third
    assert first - second == pytest.approx(second - third, abs=0.2)


@pytest.mark.parametrize("last", [1, 4, 10, 11, 37, 200, 1000])
def test_few_epochs_are_named_below_an_axis(last):
    assert len(epoch_ticks(last)) <= 11
    assert epoch_ticks(last)[0] == 1


def test_labels_of_curves_that_end_together_do_not_lie_on_each_other():
    curves = [SvgCurve(f"run {n}", "#000", [1, 2], [1.0, 0.5 + n / 1000], label=f"#{n}") for n in range(5)]
    heights = [float(y) for y in re.findall(r'class="label" x="[\d.]+" y="([\d.]+)"', chart("Loss", curves, str))]

    assert len(heights) == 5
    assert all(below - above > 15 for above, below in pairwise(heights))


@pytest.mark.parametrize("places", [[], [5.0], [10.0, 10.0, 10.0], [0.0, 1.0, 99.0, 100.0], [98.0, 99.0, 100.0]])
def test_places_are_moved_apart_within_their_room(places):
    moved = spread_out(places, 10, 0, 100)

    assert len(moved) == len(places)
    assert all(0 <= place <= 100 for place in moved)
    assert all(after - before >= 10 for before, after in pairwise(moved))


def test_a_chart_without_values_says_so():
    svg = chart("Loss", [SvgCurve("one", "#000", [1, 2], [float("nan")] * 2)], str)

    assert "No values yet" in svg
    assert "nan" not in svg
