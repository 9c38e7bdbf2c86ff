"""How the weights of a layer are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_BINS, MOST_BINS = 12, 60


@dataclass(frozen=True)
class Spread:
    """A histogram: shares of the `count` weights between each two of `edges` (one more than shares), and their σ."""

    edges: list[float]
    shares: list[float]
    deviation: float
    count: int


def spread(weights: Sequence[np.ndarray]) -> list[Spread]:
    """Count the weights of one layer in several networks over the same edges, so that they can be compared."""
    flat = [values.ravel() for values in weights]
    bins = int(np.clip(np.sqrt(len(flat[0])), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(min(values.min() for values in flat), max(values.max() for values in flat), bins + 1)
    return [
        Spread(
            edges.round(6).tolist(),
            (np.histogram(values, edges)[0] / len(values)).tolist(),
            float(values.std()),
            len(values),
        )
        for values in flat
    ]
