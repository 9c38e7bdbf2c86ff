"""The optimizers: each by its class in `torch.optim`, with its words and the learning rate that it usually needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from digits_core.entries.lazy import torch


@dataclass(frozen=True)
class Optimizer:
    """An optimizer over all weights.

    Attributes:
        title: Its name, which is that of its class in `torch.optim`.
        help: What sets it apart, in a sentence.
        usual_rate: A learning rate that it learns well with on networks like ours, given the settings in `uses`.
        fast: The argument for PyTorch's fast form: one fused call a step, or the multi-tensor form.
        uses: Settings that it alone needs, by name, in the order in which `options` takes them.
        options: Its own arguments, made of these settings.
    """

    title: str
    help: str
    usual_rate: Callable[..., float]
    fast: str = "fused"
    uses: tuple[str, ...] = ()
    options: Callable[..., dict[str, Any]] = dict

    def build(
        self, weights: Iterable[torch.nn.Parameter], learning_rate: float, weight_decay: float, *used: Any
    ) -> torch.optim.Optimizer:
        """Return the optimizer; `used` are the values of the settings in `uses`."""
        arguments = {"lr": learning_rate, "weight_decay": weight_decay, **self._arguments(*used)}
        return getattr(torch.optim, self.title)(weights, **arguments)

    def code(self, weights: str, learning_rate: str, weight_decay: float, *used: Any) -> str:
        """Return the call that builds it, as Python."""
        arguments = {"lr": learning_rate, "weight_decay": weight_decay, **self._arguments(*used)}
        return f"torch.optim.{self.title}({weights}, {', '.join(f'{name}={each}' for name, each in arguments.items())})"

    def _arguments(self, *used: Any) -> dict[str, Any]:
        return {**self.options(*used), self.fast: True}


OPTIMIZERS = {
    "adam": Optimizer("Adam", "Adapts the step of each weight to its gradients so far.", lambda: 0.001),
    "adamw": Optimizer("AdamW", "Adam with weight decay kept apart from the gradients.", lambda: 0.001),
    "sgd": Optimizer(
        "SGD",
        "Plain gradient descent, with momentum.",
        # The rate divided by 1 − momentum is how far its steps go in the end.
        lambda momentum, nesterov: round(0.2 * (1 - momentum), 6),
        uses=("momentum", "nesterov"),
        # PyTorch refuses Nesterov's look-ahead where there is no momentum to look along.
        options=lambda momentum, nesterov: {"momentum": momentum, "nesterov": nesterov and momentum > 0},
    ),
    "rmsprop": Optimizer("RMSprop", "Divides each step by the recent size of its gradients.", lambda: 0.001, "foreach"),
    "adagrad": Optimizer("Adagrad", "Takes ever smaller steps where gradients were large.", lambda: 0.01),
}
