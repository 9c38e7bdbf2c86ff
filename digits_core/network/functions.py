"""The activation functions: what follows a layer and has no weights. An addition is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor
from torch.nn import functional as nnf


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function as PyTorch computes it, in words, in source text, and as an ONNX operator.

    keeps_order: larger values stay larger or equal, so that the largest of a window can be chosen before it;
    silences: it may leave a unit at 0 for every image, and such a unit hardly learns.
    """

    title: str
    words: str
    compute: Callable[[Tensor], Tensor]
    source: str
    operator: str
    keeps_order: bool = False
    silences: bool = False


FUNCTIONS = {
    "relu": ActivationFunction(
        title="ReLU",
        words="Negative sums become 0: without this, layers would add up to one.",
        compute=nnf.relu,
        source="nnf.relu({})",
        operator="Relu",
        keeps_order=True,
        silences=True,
    ),
}
"""Those that a layer may name."""

SOFTMAX = ActivationFunction(
    title="softmax",
    words="The logits as probabilities that add up to 1.",
    compute=partial(nnf.softmax, dim=1),
    source="nnf.softmax({}, dim=1)",
    operator="Softmax",
)
"""What makes probabilities of the last layer's logits. The network itself puts out the logits."""
