"""Images of several datasets in one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def of_one_size(images: Sequence[np.ndarray]) -> np.ndarray:
    """Stack uint8 images (H, W) of any sizes as (n, H, W): smaller ones enlarged by integer factors, zero-padded."""
    height, width = (max(image.shape[side] for image in images) for side in (0, 1))
    canvas = np.zeros((len(images), height, width), dtype=np.uint8)
    for place, image in zip(canvas, images, strict=True):
        factor = min(height // image.shape[0], width // image.shape[1])
        large = image.repeat(factor, axis=0).repeat(factor, axis=1)
        top, left = (height - large.shape[0]) // 2, (width - large.shape[1]) // 2
        place[top : top + large.shape[0], left : left + large.shape[1]] = large
    return canvas
