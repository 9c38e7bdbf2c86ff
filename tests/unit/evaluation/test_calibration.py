"""How often a network is right where it is sure, and what it gains by not answering."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits_core.evaluation.calibration import BINS, at_threshold, coverage_curve, reliability

answered = st.lists(st.tuples(st.floats(0.1, 1.0), st.booleans()), min_size=1, max_size=80).map(
    lambda rows: (np.array([sure for sure, _ in rows]), np.array([right for _, right in rows]))
)


def test_error_of_a_case_that_was_computed_by_hand():
    """Two bins: 0.9 said and 0.5 right over two images; 0.6 said and 1.0 right over one."""
    found = reliability(np.array([0.9, 0.9, 0.6]), np.array([True, False, True]))

    assert found.error == pytest.approx((2 * 0.4 + 1 * 0.4) / 3)
    assert found.counts.sum() == 3
    assert found.counts[[13, 8]].tolist() == [2, 1]


def test_a_network_that_is_as_often_right_as_it_is_sure_has_no_error():
    confidence = np.repeat([0.55, 0.75, 0.95], 100)
    right = np.concatenate([np.arange(100) < share for share in (55, 75, 95)])

    assert reliability(confidence, right).error == pytest.approx(0)


def test_a_network_that_is_sure_and_always_wrong_has_an_error_of_one():
    assert reliability(np.ones(5), np.zeros(5, dtype=bool)).error == pytest.approx(1)


def test_a_bin_ends_with_its_upper_edge():
    edges = np.arange(1, BINS + 1) / BINS

    assert reliability(edges, np.ones(BINS, dtype=bool)).counts.tolist() == [1] * BINS


@given(answered)
def test_bins_hold_every_image_once_and_their_means_are_within_them(rows):
    found = reliability(*rows)
    filled = found.counts > 0

    assert found.counts.sum() == len(rows[0])
    assert 0 <= found.error <= 1
    assert (found.confidence[filled] <= found.edges[1:][filled] + 1e-9).all()
    assert (found.confidence[filled] >= found.edges[:-1][filled] - 1e-9).all()
    assert np.isnan(found.accuracy[~filled]).all()


@given(answered)
def test_coverage_grows_as_the_threshold_falls_and_ends_at_all_images(rows):
    curve = coverage_curve(*rows)

    assert (np.diff(curve.coverage) > 0).all()
    assert (np.diff(curve.threshold) < 0).all()
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(rows[1].mean())


@given(answered)
def test_each_point_of_the_curve_is_what_its_threshold_gives(rows):
    curve = coverage_curve(*rows)

    for threshold, coverage, accuracy in zip(curve.threshold, curve.coverage, curve.accuracy, strict=True):
        found = at_threshold(*rows, threshold)
        assert (found.coverage, found.accuracy) == pytest.approx((coverage, accuracy))


def test_a_threshold_that_no_answer_reaches_answers_nothing():
    found = at_threshold(np.array([0.5, 0.9]), np.array([True, True]), 0.95)

    assert (found.answered, found.coverage) == (0, 0)
    assert np.isnan(found.accuracy)


def test_without_images_there_is_nothing_to_say():
    nothing = np.zeros(0), np.zeros(0, dtype=bool)

    assert np.isnan(reliability(*nothing).error)
    assert len(coverage_curve(*nothing).coverage) == 0
    assert np.isnan(at_threshold(*nothing, 0.5).coverage)
