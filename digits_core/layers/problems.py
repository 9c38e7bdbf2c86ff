"""What keeps a network from being built, layer by layer, with what would repair it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digits_core.layers.base import Kind, Shape
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.placed import LOGITS, named

MOST_PARAMETERS = 20_000_000
"""With Adam's two numbers for each and a gradient, 320 MB: what a laptop trains without thinking about it."""
MOST_HIDDEN = 3
"""Fully connected layers before that of the logits."""


@dataclass(frozen=True)
class Problem:
    """Why a network cannot be built: the first layer that breaks it, by its place and name, and a sentence.

    repaired: the layers with the least change that lets this one be built; other problems may come after it.
    """

    place: int
    layer: str
    words: str
    repaired: tuple[Kind, ...]

    @property
    def sentence(self) -> str:
        return f"{self.layer} {self.words}"


def problem_of(kinds: Sequence[Kind], size: int) -> Problem | None:
    """Return what is wrong with the first layer that cannot be built for images of (1, size, size), `None` if all can.

    Nothing is built for it, and no memory is taken, whatever the layers ask for.
    """
    shape: Shape = (1, size, size)
    names, parameters, hidden = named([*kinds, FullyConnected(LOGITS)]), 0, 0
    for place, (name, kind) in enumerate(zip(names, [*kinds, FullyConnected(LOGITS)], strict=True)):
        others = tuple(kinds[:place]), tuple(kinds[place + 1 :])
        if words := kind.problem(shape):
            if kind.reads_maps and len(shape) < 3:
                return Problem(place, name, words, _before_the_first_row(kinds, place))
            repaired = kind.repaired(shape)
            return Problem(place, name, words, (*others[0], *([repaired] if repaired else []), *others[1]))
        parameters += kind.parameters(shape).number
        if parameters > MOST_PARAMETERS:
            words = f"brings the network to {parameters:,} parameters, but {MOST_PARAMETERS:,} are the limit"
            return Problem(place, name, words, _shrunk(kinds, place))
        hidden += kind.flattens
        if hidden > MOST_HIDDEN and place < len(kinds):
            words = f"is fully connected layer {hidden}, but {MOST_HIDDEN} before that of the logits are the limit"
            return Problem(place, name, words, (*others[0], *others[1]))
        shape = kind.output_shape(shape)
    return None


def _before_the_first_row(kinds: Sequence[Kind], place: int) -> tuple[Kind, ...]:
    """Move a layer that reads maps to where maps still are."""
    first = next(at for at, kind in enumerate(kinds) if kind.flattens)
    rest = [*kinds[:place], *kinds[place + 1 :]]
    return (*rest[:first], kinds[place], *rest[first:])


def _shrunk(kinds: Sequence[Kind], place: int) -> tuple[Kind, ...]:
    """Put a pooling where the maps end: a quarter of the numbers, and of the weights that read them."""
    from digits_core.layers.kinds.max_pooling import MaxPooling

    first = next((at for at, kind in enumerate(kinds) if kind.flattens), len(kinds))
    return (*kinds[:first], MaxPooling(), *kinds[first:])
