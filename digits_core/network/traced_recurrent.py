"""The shapes of recurrent layers, which PyTorch computes for whole sequences at once.

They are checked here because PyTorch does not: it reads states beyond their end if there are fewer than layers. And it
would find the shapes by going through every step of the sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

_GATES = {"aten.lstm.input": 4, "aten.gru.input": 3, "aten.rnn_relu.input": 1, "aten.rnn_tanh.input": 1}


def recurs(op: str) -> bool:
    return op in _GATES


def recurrent_length(args: Sequence[Any]) -> int:
    """Return how many steps a recurrent layer goes through with these arguments."""
    if len(args) != 9 or not isinstance(args[0], Tensor) or args[0].ndim != 3:
        raise TypeError("takes nine arguments, the first a tensor of three dimensions")
    return args[0].shape[1 if args[8] else 0]


def recurrent_multiply_adds(args: Sequence[Any]) -> int:
    """Return the multiply-adds for one image: in each step each weight is used once."""
    return recurrent_length(args) * sum(weights.numel() for weights in args[2] if weights.ndim == 2)


def recurrent_shapes(op: str) -> Callable[..., Any]:
    """Return a function that puts out what the layer does, without numbers; `ValueError` if something does not fit."""

    def computed(*args: Any) -> Any:
        length = recurrent_length(args)
        inputs, states, weights, has_biases, layers, _, _, is_bidirectional, batch_first = args
        states = states if op == "aten.lstm.input" else [states]
        ways = 2 if is_bidirectional else 1
        hidden, count, size = states[0].shape[-1], inputs.shape[0 if batch_first else 1], inputs.shape[2]
        if min(length, layers, hidden, size) < 1 or len(weights) != layers * ways * (4 if has_biases else 2):
            raise ValueError("has not as many weights as its layers need")
        rows = _GATES[op] * hidden
        expected = [
            shape
            for layer in range(layers)
            for _ in range(ways)
            for shape in (
                (rows, size if layer == 0 else ways * hidden),
                (rows, hidden),
                *([(rows,), (rows,)] if has_biases else []),
            )
        ]
        state = (layers * ways, count, hidden)
        if len(states) != (2 if op == "aten.lstm.input" else 1) or any(each.shape != state for each in states):
            raise ValueError(f"begins with other states than {state}")
        if [tuple(each.shape) for each in weights] != expected:
            raise ValueError("has weights of other shapes than its layers need")
        if any(each.dtype != inputs.dtype for each in (*states, *weights)) or not inputs.is_floating_point():
            raise ValueError("has weights of another type than its input")
        sequence = (count, length, ways * hidden) if batch_first else (length, count, ways * hidden)
        return inputs.new_empty(sequence), *(each.new_empty(state) for each in states)

    return computed
