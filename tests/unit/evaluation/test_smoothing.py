"""A smoothed curve starts where it was measured and stays within what was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.evaluation.smoothing import smooth

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


@given(VALUES)
def test_without_smoothing_the_values_stay_as_they_are(values):
    assert smooth(values, 0).tolist() == pytest.approx(values)


@given(VALUES, st.floats(0, 0.95))
def test_a_smoothed_line_starts_at_its_first_value_and_stays_within_what_was_measured(values, strength):
    smoothed = smooth(values, strength)

    assert smoothed[0] == pytest.approx(values[0])
    assert smoothed.min() >= min(values) - 1e-9
    assert smoothed.max() <= max(values) + 1e-9


def test_smoothing_weighs_what_came_before_by_its_strength():
    assert smooth([0.0, 3.0], 0.5).tolist() == pytest.approx([0.0, 2.0])


def test_a_strength_that_would_never_move_is_refused():
    with pytest.raises(ValueError, match="strength is 1"):
        smooth([1.0], 1)
