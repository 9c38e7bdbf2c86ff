"""Options for the curves of the chosen runs, and their smoothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from digits_core.evaluation.smoothing import smooth


class Choice(NamedTuple):
    """Options for drawing the curves."""

    measure: str
    splits: tuple[str, ...]
    by_seconds: bool
    log: bool
    smoothing: float


def smoothed(values: np.ndarray, strength: float) -> np.ndarray | None:
    """Smooth the finite values; gaps stay NaN. Return `None` for a strength of 0."""
    if not strength:
        return None
    result, known = np.full(len(values), np.nan), np.isfinite(values)
    result[known] = smooth(values[known].tolist(), strength)
    return result
