"""Histograms of weights count every weight, over edges that networks share."""

import numpy as np
import pytest

from digits_core.network.weights import spread


def test_every_weight_is_counted_over_common_edges():
    draw = np.random.default_rng(0)
    narrow, wide = draw.normal(0, 1, (64, 128)), draw.normal(0, 3, (64, 128))
    first, second = spread([narrow, wide])

    assert first.edges == second.edges
    assert len(first.edges) == len(first.shares) + 1
    assert first.edges[0] == pytest.approx(min(narrow.min(), wide.min()), abs=1e-5)
    for found, values in ((first, narrow), (second, wide)):
        assert sum(found.shares) == pytest.approx(1)
        assert found.count == 64 * 128
        assert found.deviation == pytest.approx(values.std())


def test_few_weights_are_counted_in_few_steps():
    few, many = (spread([np.linspace(-1, 1, count)])[0] for count in (144, 10_000))

    assert len(few.shares) == 12
    assert len(many.shares) == 60
