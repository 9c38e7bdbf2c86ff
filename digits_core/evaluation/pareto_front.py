"""Find what is best for its cost: the accuracy of a run for its training time."""

from __future__ import annotations

from collections.abc import Sequence


def best_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Return the places for which no other costs at most as much and is worth more, or costs less and is worth as much.

    In the order of their costs: the Pareto front. Of equals, the first.
    """
    front: list[int] = []
    for place in sorted(range(len(costs)), key=lambda place: (costs[place], -values[place], place)):
        if not front or values[place] > values[front[-1]]:
            front.append(place)
    return front
