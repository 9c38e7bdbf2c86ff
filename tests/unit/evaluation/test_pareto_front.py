"""The front holds what nothing else beats in both cost and value."""

from hypothesis import given
from hypothesis import strategies as st

from digits_core.evaluation.pareto_front import best_front


def test_the_front_holds_the_runs_that_no_other_beats_in_both():
    seconds, accuracies = [4.0, 1.0, 2.0, 3.0, 2.0], [0.99, 0.80, 0.95, 0.90, 0.95]

    assert best_front(seconds, accuracies) == [1, 2, 0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_every_run_is_on_the_front_or_beaten_by_one_that_is(pairs):
    costs, values = zip(*pairs, strict=True)
    front = best_front(costs, values)
    beats = [[costs[each] <= cost and values[each] >= value for each in front] for cost, value in pairs]

    assert all(map(any, beats))
    for place in front:
        assert not any(cost < costs[place] and value >= values[place] for cost, value in pairs)
