"""Which pixels decided: integrated gradients, the share of each pixel in what the network says.

The method is that of M. Sundararajan, A. Taly and Q. Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017), as
Captum implements it. Its numbers mean something by themselves: they add up to the difference that the ink makes. A
plain gradient shows only what a tiny change would do; occlusion depends on the patch, whose edges no digit has.
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
    "what would tip the answer shows those. (Sundararajan, Taly and Yan, 2017; computed with Captum.)"
)

_STEPS = 128  # with 64, shares of ten logits in all missed the difference by up to 0.07
_STEPS_AT_ONCE = 64


def attribute(recogniser: Recogniser, seen: np.ndarray, digit: int, against: int | None = None) -> np.ndarray:
    """How much each pixel of what the network saw, uint8 (S, S), speaks for `digit`; float32 (S, S), -1 to 1.

    Positive speaks for the digit: against `against` where that is given, else against the mean of the other nine.
    The largest share has size 1; all are 0 where ink makes no difference.
    """
    shares = contributions(recogniser, seen, digit, against)
    largest = np.abs(shares).max()
    return shares / largest if largest > 0 else shares


def contributions(recogniser: Recogniser, seen: np.ndarray, digit: int, against: int | None = None) -> np.ndarray:
    """The same in logits, float32 (S, S): their sum is `preference` for what was seen less that for empty paper."""
    # Captum brings pyplot and an importer of language models with it: over a second that only this view waits for.
    from captum.attr import IntegratedGradients

    images = recogniser.normalised(seen[None])
    blank = recogniser.normalised(np.zeros_like(seen)[None])
    method = IntegratedGradients(lambda batch: preference(recogniser, batch, digit, against))
    shares = method.attribute(images, blank, n_steps=_STEPS, internal_batch_size=_STEPS_AT_ONCE)
    return shares[0, 0].detach().numpy().astype(np.float32)


def preference(recogniser: Recogniser, images: Tensor, digit: int, against: int | None = None) -> Tensor:
    """By how much normalised images (n, 1, S, S) speak for a digit, in logits: (n,).

    A difference of logits, because softmax knows no other: whatever is added to all ten changes nothing.
    """
    logits, _ = recogniser.layers(images)
    if against is not None:
        return logits[:, digit] - logits[:, against]
    others = torch.ones(logits.shape[1], dtype=torch.bool)
    others[digit] = False
    return logits[:, digit] - logits[:, others].mean(dim=1)
