"""The activation functions: what follows a layer and has no weights. An addition is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits_core.entries.lazy import nnf

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function as PyTorch computes it, in words, in source text, and as an ONNX operator.

    help: What sets it apart, in a sentence; words: what it does to one number.
    keeps_order: larger values stay larger or equal, so that the largest of a window can be chosen before it;
    silences: it may leave a unit at 0 for every image, and such a unit hardly learns.
    """

    title: str
    words: str
    compute: Callable[[Tensor], Tensor]
    source: str
    operator: str
    help: str = ""
    keeps_order: bool = False
    silences: bool = False


FUNCTIONS = {
    "relu": ActivationFunction(
        title="ReLU",
        words="Negative sums become 0: without this, layers would add up to one.",
        compute=lambda x: nnf.relu(x),
        source="nnf.relu({})",
        operator="Relu",
        help="Negative sums become 0. Cheap, and gradients pass undamped.",
        keeps_order=True,
        silences=True,
    ),
    "leaky_relu": ActivationFunction(
        title="Leaky ReLU",
        words="Negative sums are divided by 100, so that a unit below 0 still learns.",
        compute=lambda x: nnf.leaky_relu(x),
        source="nnf.leaky_relu({})",
        operator="LeakyRelu",
        help="A hundredth of a negative sum goes on, so that no unit falls silent permanently.",
        keeps_order=True,
    ),
    "tanh": ActivationFunction(
        title="tanh",
        words="Sums are squeezed to between -1 and 1.",
        compute=lambda x: nnf.tanh(x),
        source="torch.tanh({})",
        operator="Tanh",
        help="Between -1 and 1. Far from 0 it is flat, and gradients fade there.",
        keeps_order=True,
    ),
    "sigmoid": ActivationFunction(
        title="Sigmoid",
        words="Sums are squeezed to between 0 and 1.",
        compute=lambda x: nnf.sigmoid(x),
        source="torch.sigmoid({})",
        operator="Sigmoid",
        help="Between 0 and 1. Its slope is a quarter at most, so that gradients fade from layer to layer.",
        keeps_order=True,
    ),
    "gelu": ActivationFunction(
        title="GELU",
        words="The sum times the probability that a normal random number is below it.",
        compute=lambda x: nnf.gelu(x),
        source="nnf.gelu({})",
        operator="Gelu",
        help="A smooth ReLU, as transformers have it.",
    ),
}
"""Those that a layer may name."""

SOFTMAX = ActivationFunction(
    title="softmax",
    words="The logits as probabilities that add up to 1.",
    compute=lambda x: nnf.softmax(x, dim=1),
    source="nnf.softmax({}, dim=1)",
    operator="Softmax",
)
"""What makes probabilities of the last layer's logits. The network itself puts out the logits."""
