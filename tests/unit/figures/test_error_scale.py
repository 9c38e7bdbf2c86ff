"""Accuracies near 100 % can be told apart, and no error falls off its axis."""

import pytest

from digits_core.figures.error_scale import accuracy_range, errors_of, last_epochs, log_axis, on_log


@pytest.mark.parametrize(
    ("accuracies", "begins_at"),
    [
        ([], 0.0),
        ([0.1], 0.0),
        ([0.97, 0.98], 0.95),
        ([0.1, 0.6, 0.992, 0.994, 0.996], 0.99),
        ([0.1, 0.5, 0.9, 0.9, 0.991, 0.993, 0.995, 0.997], 0.99),
    ],
)
def test_an_axis_fits_the_last_epochs_and_reaches_beyond_100_percent(accuracies, begins_at):
    low, high = accuracy_range([accuracies])

    assert low == begins_at
    assert 1 < high < 1 + (1 - low)


def test_the_later_half_of_the_epochs_is_fitted_and_never_fewer_than_three():
    assert list(last_epochs([1, 2, 3, 4])) == [2, 3, 4]
    assert list(last_epochs(range(10))) == [5, 6, 7, 8, 9]
    assert list(last_epochs([1])) == [1]


def test_an_error_is_what_is_missing_to_100_percent_and_rounding_is_none():
    assert errors_of([0.99, 1.0, 1 - 1e-12]).round(12).tolist() == [0.01, 0.0, 0.0]


@pytest.mark.parametrize("errors", [[0.5, 0.1, 0.02], [0.03, 0.0], [0.9, 0.00001], [0.0], [0.3], [], [1.0, 0.0004]])
def test_every_error_is_inside_its_axis_also_one_of_0(errors):
    axis = log_axis(errors, percent=True)
    low, high = (10**end for end in axis["range"])

    assert all(low < place < high for place in on_log(errors, axis))
    assert len(axis["tickvals"]) >= 2
    assert all(low < tick < high for tick in axis["tickvals"])


def test_an_axis_changes_by_steps_and_not_with_each_value():
    axes = [log_axis([0.5, error], percent=True) for error in (0.024, 0.023, 0.022, 0.021)]

    assert all(axis == axes[0] for axis in axes)
