"""How well a layer keeps the digits apart: its activations brought down to two numbers, and two measures of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SampleMap:
    """The samples as one layer sees them.

    points: float (n, 2), the two directions of the largest variance (PCA); explained: the share of the variance that
    each of them holds; nearest_centroid: the share of samples nearest to the mean of their own digit, the means taken
    from the other half of the samples; silhouette: from -1 to 1, how much nearer a sample is to its own digit than to
    the next one (P. J. Rousseeuw, 1987), mean over the samples. Both measures use all dimensions, not only two.
    """

    points: np.ndarray
    explained: np.ndarray
    nearest_centroid: float
    silhouette: float
    dimensions: int


def map_samples(activations: np.ndarray, labels: np.ndarray) -> SampleMap:
    """Map one layer's activations, float32 (n, …), with the digits (n,): at least two of each of two digits."""
    flat = activations.reshape(len(activations), -1)
    centred = flat - flat.mean(axis=0)
    # The products of all pairs have everything in them, and are few beside 25,088 numbers for each sample.
    products = (centred @ centred.T).astype(np.float64)  # (n, n)
    points, explained = _principal_components(products)
    return SampleMap(points, explained, nearest_centroid(flat, labels), _silhouette(products, labels), flat.shape[1])


def _principal_components(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 2) and shares of the variance (2,), from the products of all pairs of centred samples."""
    variances, vectors = np.linalg.eigh(products)
    two = [-1, -2]
    lengths = np.sqrt(variances[two].clip(min=0))
    points = vectors[:, two] * lengths
    # A direction and its opposite are the same: the larger half of the samples' spread is put on the right.
    points *= np.where(np.abs(points.max(axis=0)) < np.abs(points.min(axis=0)), -1, 1)
    return points, variances[two] / max(np.trace(products), 1e-12)


def _silhouette(products: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette, from the products of all pairs of centred samples."""
    squares = products.diagonal()
    distances = np.sqrt((squares[:, None] + squares - 2 * products).clip(min=0))
    np.fill_diagonal(distances, 0)
    names, own = np.unique(labels, return_inverse=True)
    member = np.eye(len(names))[own]  # (n, classes)
    counts = member.sum(axis=0)
    to_class = distances @ member  # (n, classes), summed
    rows = np.arange(len(labels))
    inside = to_class[rows, own] / (counts[own] - 1)
    to_class /= counts
    to_class[rows, own] = np.inf
    outside = to_class.min(axis=1)
    return float(((outside - inside) / np.maximum(np.maximum(outside, inside), 1e-12)).mean())


def nearest_centroid(values: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows (n, d) nearest to the mean of their own label: at least two rows of each.

    Every second row of a label is in one half, the others in the other; each half is judged by the means of the other.
    """
    half = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        half[np.flatnonzero(labels == label)[::2]] = True
    right = sum(_right(values[~mine], labels[~mine], values[mine], labels[mine]) for mine in (half, ~half))
    return right / len(labels)


def _right(known: np.ndarray, known_labels: np.ndarray, values: np.ndarray, labels: np.ndarray) -> int:
    """Return how many of `values` are classified correctly by the means of `known`."""
    names = np.unique(known_labels)
    means = np.stack([known[known_labels == name].mean(axis=0) for name in names])  # (classes, d)
    # The squared distance without the term that is the same for all means.
    distances = (means**2).sum(axis=1) - 2 * values @ means.T
    return int((names[distances.argmin(axis=1)] == labels).sum())


def choose_samples(labels: np.ndarray, count: int) -> np.ndarray:
    """Choose samples to map: at most `count`, as many of each digit as possible, seeded; sorted int64.

    Digits with fewer than two samples are left out, because each half needs at least one.
    """
    there = [np.flatnonzero(labels == digit) for digit in np.unique(labels)]
    there = [places for places in there if len(places) >= 2]
    each = max(2, count // max(1, len(there)))
    draw = np.random.default_rng(0)
    chosen = [draw.permutation(places)[:each] for places in there]
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.int64)
