"""Ready networks, each with what it teaches. An addition is one entry here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from digits_core.layers.base import Kind
from digits_core.layers.functions import FUNCTIONS
from digits_core.layers.kinds.average_pooling import AveragePooling
from digits_core.layers.kinds.batch_normalisation import BatchNormalisation
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.layers.placed import named

MOST_CHANGES = 2
"""Fields in which a network may differ from a preset that it is still called by."""


@dataclass(frozen=True)
class Preset:
    """A network with its name and a sentence on what to learn from it; `layers` come before that of the logits."""

    title: str
    help: str
    layers: tuple[Kind, ...]


_HIDDEN = (
    FullyConnected(128, activation="relu", dropout=True),
    FullyConnected(64, activation="relu", dropout=True),
)

PRESETS = {
    "improved-net": Preset(
        "ImprovedNet",
        "The lecture's network: two convolutions, one pooling, three fully connected layers.",
        (Convolution(16, activation="relu"), Convolution(32, activation="relu"), MaxPooling(), *_HIDDEN),
    ),
    "softmax": Preset(
        "Softmax regression",
        "No hidden layer: each digit has one weight for each pixel. How far do straight lines get?",
        (),
    ),
    "mlp": Preset(
        "MLP 128",
        "One hidden layer, no convolution: it must learn every place of a stroke anew.",
        (FullyConnected(128, activation="relu"),),
    ),
    "lenet": Preset(
        "LeNet-5",
        "Y. LeCun's network of 1998, with tanh and average pooling: a thirteenth of ImprovedNet's parameters.",
        (
            Convolution(6, 5, activation="tanh"),
            AveragePooling(),
            Convolution(16, 5, padding="none", activation="tanh"),
            AveragePooling(),
            FullyConnected(120, activation="tanh"),
            FullyConnected(84, activation="tanh"),
        ),
    ),
    "tiny": Preset(
        "Tiny CNN",
        "Fewer than 10,000 parameters: small filters and early pooling do most of the work.",
        (
            Convolution(8, activation="relu"),
            MaxPooling(),
            Convolution(16, activation="relu"),
            MaxPooling(),
        ),
    ),
    "pooled": Preset(
        "ImprovedNet, pooled twice",
        "A pooling after each convolution: a quarter of the parameters, and less work.",
        (
            Convolution(16, activation="relu"),
            MaxPooling(),
            Convolution(32, activation="relu"),
            MaxPooling(),
            *_HIDDEN,
        ),
    ),
    "batch-norm": Preset(
        "ImprovedNet with batch norm",
        "Normalising after each convolution lets it learn with larger steps.",
        (
            Convolution(16),
            BatchNormalisation(activation="relu"),
            Convolution(32),
            BatchNormalisation(activation="relu"),
            MaxPooling(),
            *_HIDDEN,
        ),
    ),
    "sigmoid": Preset(
        "ImprovedNet with sigmoid",
        "It does not start learning: gradients fade on their way back through the sigmoids.",
        (
            Convolution(16, activation="sigmoid"),
            Convolution(32, activation="sigmoid"),
            MaxPooling(),
            FullyConnected(128, activation="sigmoid", dropout=True),
            FullyConnected(64, activation="sigmoid", dropout=True),
        ),
    ),
}
"""By the name that the shell, links and JSON call them by, in the order in which they are offered."""
IMPROVED_NET = PRESETS["improved-net"].layers


def summary(layers: tuple[Kind, ...]) -> str:
    """Return what a network is called in a table: the title of its preset, also where a field or two are others; else
    its layers in short.
    """
    for preset in PRESETS.values():
        if preset.layers == layers:
            return preset.title
    for preset in PRESETS.values() if len(layers) > 2 else ():
        if changed := _changes(preset.layers, layers):
            return f"{preset.title}, {changed}"
    return " · ".join(kind.short for kind in layers)


def _changes(usual: tuple[Kind, ...], layers: tuple[Kind, ...]) -> str:
    """Return the fields in which layers differ, if they are one or two: `conv1: channels 8`; else ""."""
    if [type(layer) for layer in usual] != [type(layer) for layer in layers]:
        return ""
    places: dict[tuple[str, Any], list[int]] = {}
    for place, (before, layer) in enumerate(zip(usual, layers, strict=True)):
        for field in fields(layer):
            if getattr(before, field.name) != (value := getattr(layer, field.name)):
                places.setdefault((field.name, value), []).append(place)
    if not 1 <= len(places) <= MOST_CHANGES:
        return ""
    names = named(layers)
    words = []
    for (field_name, value), where in places.items():
        having = [place for place, layer in enumerate(usual) if getattr(layer, field_name, None)]
        each = "" if len(where) > 1 and where == having else f"{' and '.join(names[place] for place in where)}: "
        words.append(f"{each}{field_name} {_as_word(field_name, value)}")
    return ", ".join(words)


def _as_word(field_name: str, value: Any) -> str:
    if field_name == "activation":
        return FUNCTIONS[value].title if value else "none"
    return str(value) if not isinstance(value, bool) else "on" if value else "off"


def class_name(layers: tuple[Kind, ...]) -> str:
    """Return the name of the class that a program has for a network."""
    return "ImprovedNet" if layers == IMPROVED_NET else "Network"
