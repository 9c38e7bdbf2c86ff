"""Pictures of what is inside a network show the numbers that they were given, where they belong."""

import numpy as np
import pytest

from digits_core.figures.activation_figures import field, montage, numbers, value_range


@pytest.fixture
def maps() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 4, 6)).astype(np.float32)


def test_each_map_lies_in_its_own_tile_with_a_gap_between(maps):
    picture = montage(maps, "Maps", columns=3, tile=50, ranges=[(0, 1)] * 5)
    shown = np.asarray(picture.data[0].z)

    assert shown.shape == (2 * 4 + 1, 3 * 6 + 2)
    np.testing.assert_array_equal(shown[:4, :6], maps[0])
    np.testing.assert_array_equal(shown[5:, 7:13], maps[4])
    assert np.isnan(shown[4]).all()
    assert np.isnan(shown[:, 6]).all()
    assert np.isnan(shown[5:, 14:]).all()


def test_hover_tells_map_row_and_column(maps):
    where = np.asarray(montage(maps, "Maps", columns=3, tile=50, ranges=[(0, 1)] * 5).data[0].customdata)

    assert where[5 + 2, 7 + 3].tolist() == [0, 4, 2, 3]


def test_each_map_is_drawn_on_its_own_range(maps):
    ranges = [value_range([each], signed=False) for each in maps]
    heatmap = montage(maps, "Maps", columns=5, tile=50, ranges=ranges).data[0]
    z = np.asarray(heatmap.z)
    np.testing.assert_array_equal(np.asarray(heatmap.text)[:, 7:13], maps[1])

    for place in range(5):
        tile = z[:, place * 7 : place * 7 + 6]
        assert (tile.min(), tile.max()) == (0, pytest.approx(1))


@pytest.mark.parametrize(("signed", "colour"), [(False, 0), (True, 0.5)])
def test_a_map_that_is_the_same_everywhere_is_dark_or_where_signs_matter_paper(signed, colour):
    for same, ranges in ((np.zeros((1, 2, 2)), [(0, 0)]), (np.zeros((2, 2, 2)), [(0, 0), (0, 9 - 9 * signed)])):
        drawn = montage(same, "Same", 2, 50, ranges, signed=signed).data[0]
        shares = (np.asarray(drawn.z)[:2, :2] - drawn.zmin) / (drawn.zmax - drawn.zmin)

        assert shares.tolist() == [[colour, colour]] * 2


def test_rows_that_mean_something_are_counted_by_themselves(maps):
    picture = montage(maps, "Kernels", 3, 50, [(0, 1)] * 5, unit="filter", row_of="input map").data[0]

    assert np.asarray(picture.customdata)[5 + 2, 7 + 3].tolist() == [1, 1, 2, 3]
    assert picture.hovertemplate.startswith("input map %{customdata[0]}, filter %{customdata[1]}")


def test_dead_maps_are_crossed_in_their_middle(maps):
    crosses = montage(maps, "Maps", columns=3, tile=50, ranges=[(0, 1)] * 5, dead=[1, 3]).data[1]

    assert list(crosses.x) == [7 + 2.5, 2.5]
    assert list(crosses.y) == [1.5, 5 + 1.5]


def test_the_range_of_signed_values_has_zero_in_its_middle():
    values = [np.array([-3.0, 1.0]), np.array([2.0])]

    assert value_range(values, signed=True) == (-3, 3)
    assert value_range(values, signed=False) == (-3, 2)


def test_numbers_are_written_out_with_a_minus_and_without_a_negative_zero():
    table = numbers(np.array([[0.25, -1.5], [-0.0001, np.nan]]), "Table", 100, bound=2, digits=2)

    assert [list(row) for row in table.data[0].text] == [["0.25", "−1.50"], ["0.00", ""]]
    assert (table.data[0].zmin, table.data[0].zmax) == (-2, 2)


def test_every_place_of_a_field_can_be_clicked_and_knows_itself():
    picture = field(np.arange(12.0).reshape(3, 4), "Map", 200, (0, 11), window=(-1, 2, 3))
    places = picture.data[1]

    assert len(places.x) == 12
    assert list(places.customdata[6]) == [1, 2]
    assert (places.x[6], places.y[6], places.text[6]) == (2, 1, "6.0")
    (frame,) = picture.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 4.5, -1.5, 1.5)
    # The frame reaches over the edge, and is seen whole.
    assert picture.layout.xaxis.range[1] >= 4.5
    assert min(picture.layout.yaxis.range) <= -1.5


def test_a_field_that_is_only_looked_at_tells_its_values_itself():
    picture = field(np.arange(12.0).reshape(3, 4), "Map", 200, (0, 11), window=(0, 0, 1), clickable=False)

    assert len(picture.data) == 1
    assert "%{z" in picture.data[0].hovertemplate
