"""The loss functions: logits (B, 10) and labels (B,) → the mean loss, a scalar."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from digits_core.entries.lazy import nnf, torch


@dataclass(frozen=True)
class Loss:
    """A loss function.

    Attributes:
        title: Its name.
        meaning: What it rewards or punishes, in a sentence.
        formula: Its value for one image with logits z and label y, as LaTeX.
        guessing: Its value for a network that says the same of every image.
        compute: Logits, labels and the settings in `uses` → the mean loss.
        code: The same settings → the expression for it, as Python over `logits` and `labels`.
        uses: Settings that it alone needs, by name.
    """

    title: str
    meaning: str
    formula: str
    guessing: float
    compute: Callable[..., torch.Tensor]
    code: Callable[..., str]
    uses: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        return f"{self.meaning} ${self.formula}$"


def _smoothing(label_smoothing: float) -> str:
    return f", label_smoothing={label_smoothing!r}" if label_smoothing else ""


LOSSES = {
    "cross_entropy": Loss(
        "Cross-entropy",
        "Punishes confident wrong answers most.",
        r"\log\sum_k e^{z_k} - z_y",
        math.log(10),
        lambda logits, labels, smoothing: nnf.cross_entropy(logits, labels, label_smoothing=smoothing),
        lambda smoothing: f"nnf.cross_entropy(logits, labels{_smoothing(smoothing)})",
        uses=("label_smoothing",),
    ),
    "multi_margin": Loss(
        "Multi-margin",
        "Wants the right logit above each other one by 1, and no more.",
        r"\frac{1}{10}\sum_{k \neq y}\max(0, 1 - z_y + z_k)",
        0.9,
        lambda logits, labels: nnf.multi_margin_loss(logits, labels),
        lambda: "nnf.multi_margin_loss(logits, labels)",
    ),
    "mse": Loss(
        "Mean squared error",
        "Wants a logit of 1 for the right digit and of 0 for all others.",
        r"\frac{1}{10}\sum_k (z_k - [k = y])^2",
        0.09,
        lambda logits, labels: nnf.mse_loss(logits, nnf.one_hot(labels, logits.shape[1]).float()),
        lambda: "nnf.mse_loss(logits, nnf.one_hot(labels, CLASSES).float())",
    ),
    "nll": Loss(
        "Negative log-likelihood",
        "Cross-entropy in two parts: a log-softmax, then minus the right one.",
        r"-\log\mathrm{softmax}(z)_y",
        math.log(10),
        lambda logits, labels: nnf.nll_loss(nnf.log_softmax(logits, dim=1), labels),
        lambda: "nnf.nll_loss(nnf.log_softmax(logits, dim=1), labels)",
    ),
}
