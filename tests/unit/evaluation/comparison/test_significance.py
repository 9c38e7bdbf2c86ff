"""How far an accuracy, repeats and two runs may lie apart by chance."""

import math

import numpy as np
import pytest

from digits_core.evaluation.comparison.significance import Spread, chance_of, spread, standard_error


def test_the_spread_is_that_of_a_sample():
    found = spread([1.0, None, 3.0, 5.0])

    assert (found.mean, found.count) == (3.0, 3)
    assert math.isclose(found.deviation, 2.0)


def test_one_value_has_no_deviation_and_none_has_no_spread():
    assert spread([0.9]) == Spread(0.9, None, 1)
    assert spread([None]) is None


def test_standard_error_of_a_share():
    assert standard_error(0.5, 100) == pytest.approx(0.05)
    assert standard_error(1.0, 100) == 0
    assert np.isnan(standard_error(0.5, 0))


def test_the_chance_of_an_uneven_split_is_that_of_tossing_a_coin():
    assert chance_of(0, 0) == 1
    assert chance_of(5, 5) == 1
    assert chance_of(0, 5) == chance_of(5, 0) == pytest.approx(2 / 2**5)
    assert chance_of(1, 9) == pytest.approx(2 * 11 / 2**10)
    assert 0 < chance_of(2000, 2200) < 0.01
