"""Principal components: the few directions in which images differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digits_core.data.statistics.chunks import as_rows, chunks

LARGEST_SIDE = 32
"""In pixels. Larger images are reduced to blocks: the covariance of 112×112 pixels would take gigabytes and minutes."""


@dataclass(frozen=True)
class Components:
    """The axes along which a dataset varies most, the strongest first.

    mean: float32 (D,), D = H·W, or the number of blocks of images with a side of more than `LARGEST_SIDE`; axes:
    float32 (C, D), orthonormal; shares: float64 (C,), the share of the total variance along each axis, 0 to 1.
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def project(self, images: np.ndarray) -> np.ndarray:
        """Return the coordinates of images (N, H, W) along the axes, float32 (N, C), in grey levels.

        Two points are never farther apart here than their images are: a projection can only shorten distances.
        """
        placed = np.empty((len(images), len(self.axes)), dtype=np.float32)
        for part in chunks(images):
            placed[part] = (_in_blocks(images[part]) - self.mean) @ self.axes.T
        return placed

    def misfit(self, images: np.ndarray) -> np.ndarray:
        """Return the reconstruction error of images (N, H, W): root mean square per pixel, grey levels, float32 (N,).

        Differences within the blocks of large images are not counted.
        """
        pixels = int(np.prod(images.shape[1:]))
        left = np.empty(len(images), dtype=np.float32)
        for part in chunks(images):
            centred = _in_blocks(images[part]) - self.mean
            centred -= (centred @ self.axes.T) @ self.axes
            left[part] = np.sqrt(np.square(centred).sum(axis=1) / pixels)
        return left


def principal_components(images: np.ndarray, count: int) -> Components:
    """Return the first `count` principal components of images (N, H, W), or as many as they have.

    The eigenvectors of the covariance matrix (Pearson 1901; Bishop, Pattern Recognition and Machine Learning, 12.1),
    which is summed up in chunks: memory grows with the pixels of an image, not with the number of images. Signs make
    the largest weight of each axis positive, so that the same dataset always gives the same result. Computed by SciPy:
    scikit-learn's class gives the same, but takes seconds to import.
    """
    from scipy.linalg import eigh  # imported only when a view needs it

    pixels = _in_blocks(images[:1]).shape[1] if len(images) else int(np.prod(images.shape[1:]))
    total = np.zeros(pixels)
    for part in chunks(images):
        total += _in_blocks(images[part]).sum(axis=0, dtype=np.float64)
    mean = (total / max(1, len(images))).astype(np.float32)
    covariance = np.zeros((pixels, pixels))
    for part in chunks(images):
        centred = _in_blocks(images[part]) - mean
        covariance += centred.T @ centred
    # One less than there are images: n points span at most n - 1 dimensions.
    count = min(count, pixels, max(0, len(images) - 1))
    if not count:
        return Components(mean, np.empty((0, pixels), dtype=np.float32), np.empty(0))
    strengths, vectors = eigh(covariance, subset_by_index=[pixels - count, pixels - 1])
    strengths, axes, whole = strengths[::-1].clip(min=0), vectors.T[::-1], np.trace(covariance)
    peaks = np.abs(axes).argmax(axis=1)
    axes = axes * np.where(axes[np.arange(count), peaks] < 0, -1.0, 1.0)[:, None]
    shares = strengths / whole if whole > 0 else np.zeros(count)
    return Components(mean, axes.astype(np.float32), shares)


def _in_blocks(images: np.ndarray) -> np.ndarray:
    """Return images (N, H, W) as float32 (N, D), in blocks if a side is longer than `LARGEST_SIDE`.

    The value of a block of k×k pixels is their sum divided by k: that is an orthogonal projection, so no two images are
    farther apart in blocks than in pixels.
    """
    height, width = images.shape[1:]
    side = -(-max(height, width) // LARGEST_SIDE)
    if side <= 1:
        return as_rows(images)
    padded = np.pad(images, ((0, 0), (0, -height % side), (0, -width % side)))
    rows, columns = padded.shape[1] // side, padded.shape[2] // side
    blocks = padded.reshape(len(images), rows, side, columns, side).sum(axis=(2, 4), dtype=np.float32)
    return as_rows(blocks / side)
