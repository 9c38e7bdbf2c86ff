"""How the weights of a network begin, before the first step. An addition is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits_core.entries.lazy import nn

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Initialisation:
    """A rule for starting weights.

    Attributes:
        title, help: Its words.
        code: What sets the weights of one layer, as Python over `nn` and `weights`; "" to leave PyTorch's own.
        begin: Does the same. Biases then begin at 0.
    """

    title: str
    help: str
    code: str = ""
    begin: Callable[[torch.Tensor], object] | None = None


INITIALISATIONS = {
    "pytorch": Initialisation(
        "PyTorch's own", "Uniform in ±1/√n, where n is how many numbers a unit reads. What the lecture's network has."
    ),
    "he": Initialisation(
        "He",
        "Normal, variance 2/n: keeps the size of values from layer to layer behind ReLU (He et al., 2015).",
        'nn.init.kaiming_normal_(weights, nonlinearity="relu")',
        lambda weights: nn.init.kaiming_normal_(weights, nonlinearity="relu"),
    ),
    "xavier": Initialisation(
        "Xavier",
        "Uniform, by how many numbers a unit reads and feeds: made for tanh and sigmoid (Glorot and Bengio, 2010).",
        "nn.init.xavier_uniform_(weights)",
        lambda weights: nn.init.xavier_uniform_(weights),
    ),
    "zeros": Initialisation(
        "Zeros",
        "All units of a layer begin alike and get the same gradient: they stay alike. See what does not learn.",
        "nn.init.zeros_(weights)",
        lambda weights: nn.init.zeros_(weights),
    ),
}
