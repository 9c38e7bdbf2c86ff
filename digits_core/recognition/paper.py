"""Find a sheet of paper in a photo: `find_paper` gives its corners, or those of the part that is seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import label

_SEARCH_SIDE = 256  # the paper is looked for on a thumbnail
_LEAST_AREA = 0.2  # of the photo that a sheet covers
_SOLIDITY = 0.94  # of a region that can be a sheet, against its convex hull
_STEPS = (0.04, 0.06, 0.09, 0.13, 0.18)  # differences of log tone per pixel of the thumbnail that make an edge
_EDGE_STEP = 0.08  # paper is brighter than its background by this share of its tone
_SHARPNESS, _SHARPNESS_ALONE = 0.6, 0.85  # of an edge: a shadow's is softer than the paper's
_SEEN = 0.75  # of a side


@dataclass(frozen=True)
class Paper:
    """Where a sheet lies in a photo: its corners (K, 2) as (x, y), clockwise; four if it is `whole` in the frame.

    If a part of it lies outside the frame, the corners are those of the part that is seen.
    """

    corners: np.ndarray
    whole: bool


def find_paper(tones: np.ndarray) -> Paper | None:
    """Find the sheet in a photo, uint8 (H, W); None if it fills the frame or does not stand out from its background.

    The edge of a shadow is told from the edge of paper by its softness.
    """
    scale = _SEARCH_SIDE / max(tones.shape)
    size = tuple(max(8, round(side * scale)) for side in tones.shape[::-1])
    small = np.asarray(Image.fromarray(tones).resize(size, Image.Resampling.BOX), dtype=np.float32)
    small = ndimage.grey_closing(small, 5)
    darkest, brightest = np.quantile(small, (0.01, 0.95))
    levels = np.linspace(darkest, brightest, 34)[1:-1]
    steps = ndimage.gaussian_gradient_magnitude(np.log(np.maximum(small, 8)), 0.7)
    # Bright regions; and, as shaded paper may be no brighter than its background, those that sharp edges enclose.
    regions = [small > level for level in levels] + [steps < step for step in _STEPS]
    regions = list({region.tobytes(): region for region in regions}.values())  # a drawing has two tones
    found = [paper for region in regions if (paper := _polygon(region)) is not None]
    papers = [(share, paper) for paper in found if (share := _seen_edges(small, paper)) >= _SEEN]
    if not papers:
        return None
    _, best = max(
        papers,
        key=lambda each: (each[1].whole, _edges(each[1], small.shape).sum(), round(each[0], 1), _area(each[1].corners)),
    )
    return Paper(best.corners * (np.array(tones.shape[::-1]) / small.shape[::-1]), best.whole)


def _polygon(region: np.ndarray) -> Paper | None:
    """Outline the region that covers most of the middle of a bool (h, w), if it can be a sheet or a part of one."""
    labels = label(region, connectivity=1)
    middle = labels[tuple(slice(side // 3, side - side // 3) for side in region.shape)]
    if not middle.any():
        return None
    region = _without_holes(labels == 1 + np.bincount(middle[middle > 0])[1:].argmax())
    if region.sum() < _LEAST_AREA * region.size:
        return None
    beside = np.pad(region, 1)
    inner = beside[:-2, 1:-1] & beside[2:, 1:-1] & beside[1:-1, :-2] & beside[1:-1, 2:]
    rows, columns = np.nonzero(region & ~inner)
    edge = np.column_stack([columns, rows]) + 0.5
    hull = ConvexHull(edge)
    if region.sum() < _SOLIDITY * hull.volume:
        return None
    # Here and not above: it imports all of scipy.signal, which takes half a second, and few pictures get this far.
    from skimage.measure import approximate_polygon

    outline = edge[hull.vertices]
    for tolerance in (2, 3, 4, 6):
        corners = approximate_polygon(np.concatenate([outline, outline[:1]]), tolerance)[:-1]
        corners = _without_flat_corners(corners, tolerance)
        if len(corners) <= 4:
            break
    if len(corners) == 4 and not _on_frame(corners, region.shape).any():
        return Paper(_clockwise(_sharpened(corners, edge)), whole=True)
    paper = Paper(corners, whole=False)
    return paper if len(corners) <= 7 and 1 <= _edges(paper, region.shape).sum() <= 3 else None


def _without_holes(region: np.ndarray) -> np.ndarray:
    """Fill the holes of a bool (h, w) region, many times faster than `ndimage.binary_fill_holes`."""
    outside = label(np.pad(~region, 1, constant_values=True), connectivity=1)
    return (outside != outside[0, 0])[1:-1, 1:-1]


def _on_frame(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Mark which of the points (K, 2) lie on the left, top, right and bottom of the frame (h, w), bool (K, 4)."""
    return np.concatenate([points < 2.5, points > np.array(shape[::-1]) - 2.5], axis=1)


def _edges(paper: Paper, shape: tuple[int, int]) -> np.ndarray:
    """Mark the sides, each from a corner to the next, that are edges of paper and not of the frame, bool (K,)."""
    on_frame = _on_frame(paper.corners, shape)
    return ~(on_frame & np.roll(on_frame, -1, axis=0)).any(axis=1)


def _without_flat_corners(corners: np.ndarray, tolerance: float) -> np.ndarray:
    """Remove the corner at which the polygon's outline was opened if it lies on a side."""
    first, before, after = corners[0], corners[-1], corners[1]
    along = after - before
    away = abs(along[0] * (first - before)[1] - along[1] * (first - before)[0]) / max(np.linalg.norm(along), 1e-9)
    return corners[1:] if away < tolerance and len(corners) > 4 else corners


def _sharpened(corners: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Move the corners to where the straight lines through the edge's points (P, 2) between them meet."""
    lines = []
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = np.linalg.norm(other - one)
        along = (other - one) / length
        normal = np.array([-along[1], along[0]])
        place, away = (edge - one) @ along, (edge - one) @ normal
        near = edge[(abs(away) < 4) & (place > 0.08 * length) & (place < 0.92 * length)]
        if len(near) < 8:
            return corners
        middle = near.mean(axis=0)
        normal = np.linalg.svd(near - middle, full_matrices=False)[2][1]
        lines.append(np.array([*normal, -normal @ middle]))
    meets = [np.cross(lines[i - 1], lines[i]) for i in range(4)]
    if any(abs(meet[2]) < 1e-6 for meet in meets):
        return corners
    return np.array([meet[:2] / meet[2] for meet in meets])


def _clockwise(corners: np.ndarray) -> np.ndarray:
    """Sort the corners clockwise, beginning with the upper left."""
    middle = corners.mean(axis=0)
    corners = corners[np.argsort(np.arctan2(*(corners - middle).T[::-1]))]
    return np.roll(corners, -np.argmin(corners.sum(axis=1)), axis=0)


def _seen_edges(small: np.ndarray, paper: Paper) -> float:
    """Return the share of the worst side in the frame along which paper ends: brighter inside, and at once.

    If only some edges are seen, they must be sharper: otherwise a straight shadow would pass.
    """
    corners, middle = paper.corners, paper.corners.mean(axis=0)
    sharpness = _SHARPNESS if paper.whole else _SHARPNESS_ALONE
    inside, shares = _edges(paper, small.shape), []
    for one, other in zip(corners[inside], np.roll(corners, -1, axis=0)[inside], strict=True):
        normal = np.array([-(other - one)[1], (other - one)[0]]) / max(np.linalg.norm(other - one), 1e-9)
        normal *= np.sign((middle - one) @ normal)
        places = one + np.linspace(0.05, 0.95, 40)[:, None] * (other - one)
        inner, near, far, outer = (
            ndimage.map_coordinates(small, (places + away * normal - 0.5).T[::-1], order=1, mode="nearest")
            for away in (6, 2.5, -2.5, -6)
        )
        step, wide = (near - far) / np.maximum(near, 1), (inner - outer) / np.maximum(inner, 1)
        shares.append(float(np.mean((step > _EDGE_STEP) & (step > sharpness * wide))))
    return min(shares)


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
