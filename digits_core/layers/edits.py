"""Steps of building a network: each takes layers and returns others, and none asks whether these can be built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from digits_core.errors import ConfigError
from digits_core.layers.base import Kind, Shape
from digits_core.layers.kinds import KINDS
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.knobs import knobs
from digits_core.layers.placed import LOGITS, named, place_layers
from digits_core.layers.problems import problem_of

Layers = tuple[Kind, ...]


def inserted(layers: Layers, place: int, kind: str) -> Layers:
    """Put a layer of a kind of `KINDS`, as people begin with it, before that at `place`."""
    return (*layers[:place], KINDS[kind].usual(), *layers[place:])


def removed(layers: Layers, place: int) -> Layers:
    return (*layers[:place], *layers[place + 1 :])


def moved(layers: Layers, place: int, to: int) -> Layers:
    """Take the layer at `place` out, and put it where it then is the one at `to`."""
    rest = removed(layers, place)
    return (*rest[:to], layers[place], *rest[to:])


def changed(layers: Layers, place: int, field: str, value: Any) -> Any:
    """Set a field of one layer. What comes back is for `NetworkConfig` to read, which checks the value."""
    described = [asdict(layer) for layer in layers]
    described[place][field] = value
    return described


def with_knob(layers: Layers, name: str, field: str, text: str) -> Any:
    """Set a field of the layer called `name` to the text that a user typed.

    The result is unchecked: `NetworkConfig` validates it. Raises `ConfigError` if there is no such layer or field.
    """
    names = named((*layers, FullyConnected(LOGITS)))[:-1]
    if name not in names:
        raise ConfigError(f"The network has no layer {name[:40]!r}. It has {', '.join(names) or 'none to be set'}.")
    place = names.index(name)
    found = {knob.field: knob for knob in knobs(type(layers[place]))}
    if field not in found:
        raise ConfigError(f"{name} has no {field[:40]!r}. What can be set of it: {', '.join(found)}.")
    return changed(layers, place, field, found[field].read(text))


def with_activation(layers: Layers, activation: str) -> Layers:
    """Give all layers that have an activation function this one, a name of `FUNCTIONS`."""
    return tuple(replace(layer, activation=activation) if layer.activation else layer for layer in layers)


def shapes(layers: Sequence[Kind], size: int) -> list[Shape | None]:
    """Return what comes out of each layer, the logits last; `None` from the first on that cannot be built."""
    problem = problem_of(layers, size)
    whole = len(layers) if problem is None else problem.place
    found = [layer.output_shape for layer in place_layers(layers[:whole], size, 0.0)]
    if problem is None:
        return [*found]
    return [*found[:-1], *[None] * (len(layers) + 1 - whole)]
