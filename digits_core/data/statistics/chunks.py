"""Go through many images a few megabytes at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

CHUNK_VALUES = 1 << 22
"""Pixels in a chunk: 16 MB as float32."""

Report = Callable[[float], None]
"""Takes the share that is done, 0 to 1. It may raise, which cancels the computation."""


def nobody(_share: float) -> None:
    """Do nothing: the report of a computation whose progress is not needed."""


def chunks(images: np.ndarray, values: int = CHUNK_VALUES) -> Iterator[slice]:
    """Yield slices that cover images (N, …), each of at most `values` pixels and at least one image."""
    pixels = max(1, int(np.prod(images.shape[1:])))
    step = max(1, values // pixels)
    for start in range(0, len(images), step):
        yield slice(start, min(start + step, len(images)))


def as_rows(images: np.ndarray) -> np.ndarray:
    """Return images (N, H, W) as float32 (N, H·W), without scaling the values."""
    return images.reshape(len(images), -1).astype(np.float32)
