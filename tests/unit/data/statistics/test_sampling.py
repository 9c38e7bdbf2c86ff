"""A sample has the shares of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from digits_core.data.statistics.sampling import stratified_sample

LABELS = npst.arrays(np.int64, st.integers(0, 300), elements=st.integers(0, 9))


@given(LABELS, st.integers(1, 300))
def test_every_digit_keeps_its_share_to_one_image(labels, count):
    places = stratified_sample(labels, count)

    assert len(np.unique(places)) == len(places) == min(count, len(labels))
    assert (np.diff(places) > 0).all()
    if len(labels):
        wanted = np.bincount(labels, minlength=10) * len(places) / len(labels)
        assert np.abs(np.bincount(labels[places], minlength=10) - wanted).max() < 1


def test_a_seed_draws_the_same_and_another_draws_others():
    labels = np.arange(1000) % 10
    assert stratified_sample(labels, 50, 3).tolist() == stratified_sample(labels, 50, 3).tolist()
    assert stratified_sample(labels, 50, 3).tolist() != stratified_sample(labels, 50, 4).tolist()
