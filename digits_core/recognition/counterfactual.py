"""Find a counterfactual: the smallest change of ink with which a network reads another digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from digits_core.recognition.recogniser import Recogniser

MOST_CHANGED = 0.6
"""A change of more than this share of the ink is not a small one: the search ends there."""

_DAB = np.array([[0.15, 0.3, 0.15], [0.3, 0.6, 0.3], [0.15, 0.3, 0.15]], dtype=np.float32)
_INK = 0.25  # of full ink; paler pixels are the edge of a stroke
_REACH = 2  # pixels from the ink in which a pen or an eraser may touch
_TRIED = 24  # dabs that look best by the gradient and are tried at each step
_MOST_DABS = 60
_SHARES = np.linspace(0.02, 1, 50, dtype=np.float32)


@dataclass(frozen=True)
class Counterfactual:
    """A changed image that is read as another digit.

    seen: the changed image as the network sees it, uint8 (S, S); change: what was added (up to 1) or taken away (down
    to -1) as a share of full ink, float32 (S, S); share: all of that change as a share of the ink that was there;
    probabilities: what the network says now, float32 (10,), the other digit before all.
    """

    seen: np.ndarray
    change: np.ndarray
    share: float
    probabilities: np.ndarray


def find_counterfactual(recogniser: Recogniser, seen: np.ndarray, other: int) -> Counterfactual | None:
    """Return the smallest change found to what the network saw, uint8 (S, S), with which it answers `other`.

    Dab by dab of a pen or an eraser, three pixels wide, on the ink and just next to it: always the one that gains
    `other` most for the ink that it costs. Then needless dabs are undone, and the rest is weakened to the point where
    the answer tips. A greedy search: no smaller change was found, which is not to say that there is none.
    `None` if the network says `other` already, if there is no ink, or if the change would be too large.
    """
    start = seen.astype(np.float32) / 255
    ink = float(start.sum())
    if not ink or recogniser.read_seen(seen[None])[0].digit == other:
        return None
    dabs = _dabs_that_tip(recogniser, start, other, MOST_CHANGED * ink)
    if dabs is None:
        return None
    change = _weakened(recogniser, start, _with_dabs(start, _needed(recogniser, start, dabs, other)) - start, other)
    tipped = _as_pixels(start + change)
    return Counterfactual(
        tipped, change, float(np.abs(change).sum()) / ink, recogniser.read_seen(tipped[None])[0].probabilities
    )


Dab = tuple[int, int, int]
"""Row, column, and 1 for ink or -1 for the eraser."""


def _dabs_that_tip(recogniser: Recogniser, start: np.ndarray, other: int, most: float) -> list[Dab] | None:
    """Return the dabs of the greedy search, in order; `None` if it changed `most` ink without tipping the answer."""
    dabs: list[Dab] = []
    now = start
    lead, gradient = _lead(recogniser, now, other)
    while lead <= 0:
        tried = _promising(now, gradient)
        if not tried or len(dabs) == _MOST_DABS:
            return None
        images = np.stack([_with_dabs(now, [dab]) for dab in tried])
        gains = _leads(recogniser, images, other) - lead
        cost = np.abs(images - now).sum(axis=(1, 2))
        best = int((gains / cost).argmax())
        if gains[best] <= 0:
            return None
        now = images[best]
        dabs.append(tried[best])
        if np.abs(now - start).sum() > most:
            return None
        lead, gradient = _lead(recogniser, now, other)
    return dabs


def _promising(image: np.ndarray, gradient: np.ndarray) -> list[Dab]:
    """Return the dabs with the largest gain for their ink, judged by the gradient alone; near ink only."""
    near = ndimage.binary_dilation(image >= _INK, iterations=_REACH)
    found = []
    for sign, room in ((1, 1 - image), (-1, image)):
        gain = ndimage.correlate(sign * gradient * room, _DAB, mode="constant")
        cost = ndimage.correlate(room, _DAB, mode="constant")
        worth = np.where(near & (cost > 0.1), gain / np.maximum(cost, 0.1), 0)
        best = np.argsort(-worth, axis=None)[: _TRIED // 2]
        places = zip(*np.unravel_index(best, worth.shape), strict=True)
        found += [(int(row), int(column), sign) for row, column in places if worth[row, column] > 0]
    return found


def _needed(recogniser: Recogniser, start: np.ndarray, dabs: list[Dab], other: int) -> list[Dab]:
    """Drop the dabs that the answer does not need, beginning with the one that saves most ink."""
    while len(dabs) > 1:
        fewer = [dabs[:place] + dabs[place + 1 :] for place in range(len(dabs))]
        images = np.stack([_with_dabs(start, each) for each in fewer])
        cost = np.where(_leads(recogniser, images, other) > 0, np.abs(images - start).sum(axis=(1, 2)), np.inf)
        if not np.isfinite(cost).any():
            break
        dabs = fewer[int(cost.argmin())]
    return dabs


def _weakened(recogniser: Recogniser, start: np.ndarray, change: np.ndarray, other: int) -> np.ndarray:
    """Return the change, float32 (S, S), at the smallest share of its strength that still tips the answer."""
    leads = _leads(recogniser, start + _SHARES[:, None, None] * change, other)
    return _SHARES[int((leads > 0).argmax())] * change


def _with_dabs(image: np.ndarray, dabs: list[Dab]) -> np.ndarray:
    """Apply dabs to an image (S, S) of 0 to 1: each fills a share of the room, or takes away a share of the ink."""
    padded = np.pad(image, 1)
    for row, column, sign in dabs:
        patch = padded[row : row + 3, column : column + 3]
        patch += _DAB * (1 - patch if sign > 0 else -patch)
    return padded[1:-1, 1:-1]


def _leads(recogniser: Recogniser, images: np.ndarray, other: int) -> np.ndarray:
    """Return by how many logits `other` leads each other digit, float32 (n,), for (n, S, S) ink of 0 to 1 as 8 bits."""
    logits = np.stack([answer.logits for answer in recogniser.read_seen(_as_pixels(images))])
    return logits[:, other] - np.delete(logits, other, axis=1).max(axis=1)


def _lead(recogniser: Recogniser, image: np.ndarray, other: int) -> tuple[float, np.ndarray]:
    """Return the same for one image, with the gradient (S, S) of that lead by the ink of each pixel."""
    pixels = recogniser.normalised(_as_pixels(image)[None]).requires_grad_()
    logits, _ = recogniser.layers(pixels)
    rivals = logits[0].clone()
    rivals[other] = -torch.inf
    lead = logits[0, other] - rivals.max()
    (gradient,) = torch.autograd.grad(lead, pixels)
    return float(lead.detach()), gradient[0, 0].numpy()


def _as_pixels(ink: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)
