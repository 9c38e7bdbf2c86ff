"""Which pixels decided: integrated gradients, the share of each pixel in what the network says.

The method is that of M. Sundararajan, A. Taly and Q. Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017), with
the integral summed by the rule of Gauss and Legendre. Its numbers mean something by themselves: they add up to the
difference that the ink makes. A plain gradient shows only what a tiny change would do; occlusion depends on the patch,
whose edges no digit has.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from digits_core.recognition.recogniser import Recogniser

METHOD = "Integrated gradients"
METHOD_HELP = (
    "The digit is inked in from empty paper to what you see, in many small steps. At each step every pixel is asked "
    "how much it moves the network towards this answer; the sum of that is the pixel's share. Together the shares "
    "make up the whole difference between the digit and empty paper: colour for ink that speaks for the answer, "
    "the other colour for ink that speaks against it. Empty paper has no share, so a missing stroke is not marked; "
    "what would tip the answer shows those. (Sundararajan, Taly and Yan, 2017.)"
)

_STEPS = 128  # with 64, shares of ten logits in all missed the difference by up to 0.07
_STEPS_AT_ONCE = 64


def attribute(recogniser: Recogniser, seen: np.ndarray, digit: int, against: int | None = None) -> np.ndarray:
    """Return how much each pixel that the network saw, uint8 (S, S), speaks for `digit`; float32 (S, S), -1 to 1.

    Positive speaks for the digit: against `against` if that is given, else against the mean of the other nine.
    The largest share has size 1; all are 0 if ink makes no difference.
    """
    shares = contributions(recogniser, seen, digit, against)
    largest = np.abs(shares).max()
    return shares / largest if largest > 0 else shares


def contributions(recogniser: Recogniser, seen: np.ndarray, digit: int, against: int | None = None) -> np.ndarray:
    """Return the same in logits, float32 (S, S): their sum is `preference` for the image less that for empty paper."""
    images, blank = recogniser.normalised(np.stack([seen, np.zeros_like(seen)])).split(1)
    places, weights = (torch.from_numpy(each).float() for each in np.polynomial.legendre.leggauss(_STEPS))
    shares_of_ink, weights = (each.view(-1, 1, 1, 1).split(_STEPS_AT_ONCE) for each in ((places + 1) / 2, weights / 2))
    slopes = torch.zeros_like(images)
    for inked, weight in zip(shares_of_ink, weights, strict=True):
        on_the_way = (blank + inked * (images - blank)).requires_grad_()
        (gradients,) = torch.autograd.grad(preference(recogniser, on_the_way, digit, against).sum(), on_the_way)
        slopes += (weight * gradients).sum(0, keepdim=True)
    return ((images - blank) * slopes)[0, 0].detach().numpy().astype(np.float32)


def preference(recogniser: Recogniser, images: Tensor, digit: int, against: int | None = None) -> Tensor:
    """Return by how much normalised images (n, 1, S, S) speak for a digit, in logits: (n,).

    A difference of logits, because softmax knows no other: whatever is added to all ten changes nothing.
    """
    logits, _ = recogniser.layers(images)
    if against is not None:
        return logits[:, digit] - logits[:, against]
    others = torch.ones(logits.shape[1], dtype=torch.bool)
    others[digit] = False
    return logits[:, digit] - logits[:, others].mean(dim=1)
