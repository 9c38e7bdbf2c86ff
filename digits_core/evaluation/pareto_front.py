"""Find the best trade-offs between cost and value: a run's training time and its accuracy."""

from __future__ import annotations

from collections.abc import Sequence


def best_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Return the indices of the Pareto front, in the order of their costs; of equals, the first.

    For each of them no other costs at most as much and has a higher value, or costs less and has the same value.
    """
    front: list[int] = []
    for place in sorted(range(len(costs)), key=lambda place: (costs[place], -values[place], place)):
        if not front or values[place] > values[front[-1]]:
            front.append(place)
    return front
