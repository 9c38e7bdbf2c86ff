"""Smooth a curve that was measured batch by batch or epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def smooth(values: Sequence[float], strength: float) -> np.ndarray:
    """Return an exponential moving average of `values`, float (n,); `strength` is 0 (no smoothing) to below 1.

    The average starts at zero and is divided by the weight accumulated so far, as Adam does with its moments (Kingma &
    Ba 2015, https://arxiv.org/abs/1412.6980, section 3), so that the first values are not biased towards 0.
    """
    if not 0 <= strength < 1:
        raise ValueError(f"strength is {strength}, but should be from 0 to below 1")
    smoothed, average, weight = np.empty(len(values)), 0.0, 0.0
    for place, value in enumerate(values):
        average = strength * average + (1 - strength) * value
        weight = strength * weight + (1 - strength)
        smoothed[place] = average / weight
    return smoothed
