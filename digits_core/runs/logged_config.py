"""The config of a run of somebody's own loop: any names and values, some of which are settings that every run has."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from digits_core.errors import LogError
from digits_core.runs.metric_names import flattened
from digits_core.settings import SECTION_OF, SETTINGS, is_number, kind_of

MOST_ENTRIES = 300
LONGEST_TEXT = 500

_ALIASES = {
    "lr": "learning_rate",
    "bs": "batch_size",
    "batch": "batch_size",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_epochs": "epochs",
    "opt": "optimizer",
    "criterion": "loss",
    "loss_fn": "loss",
    "loss_function": "loss",
    "wd": "weight_decay",
    "random_seed": "seed",
    "data": "train",
    "dataset": "train",
}
"""What settings are called elsewhere."""


def tidy_config(config: Any) -> dict[str, Any]:
    """Return a config as JSON has it, nested mappings flattened to `optimizer/name`.

    Args:
        config: A mapping, or an object whose attributes are the config, such as an `argparse.Namespace`. Values that
            JSON does not have are kept as the text that `str` makes of them.

    Raises:
        LogError: for what is neither, for a name that is not a text, and for more than `MOST_ENTRIES` entries.
    """
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        if not hasattr(config, "__dict__"):
            raise LogError(f"A config is a mapping of names to values, not a {type(config).__name__}.")
        config = vars(config)
    return {name: _plain(value) for name, value in flattened(config, MOST_ENTRIES).items()}


def as_settings(logged_json: str) -> dict[str, Any]:
    """Return what a kept config says about the settings of this app, by their own names.

    `lr` is the learning rate and `CrossEntropyLoss` a choice of the loss; what does not fit a setting is not one.
    """
    found: dict[str, Any] = {}
    for name, value in json.loads(logged_json).items():
        field = _field(name)
        if field in SECTION_OF and (setting := _setting(field, value)) is not None:
            found.setdefault(field, setting)
    return found


def is_setting(name: str) -> bool:
    """Return True for an entry of a config that has the name of a setting of this app."""
    return _field(name) in SECTION_OF


def _field(name: str) -> str:
    plain = name.rpartition("/")[2].casefold().replace("-", "_").replace(" ", "_")
    return _ALIASES.get(plain, plain)


def _setting(field: str, value: Any) -> Any:
    if is_number(field):
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if kind_of(field) is bool:
        return value if isinstance(value, bool) else None
    if field in ("train", "test"):
        names = value if isinstance(value, list) else [value]
        return tuple(names) if all(isinstance(each, str) for each in names) else None
    if not isinstance(value, str) or not SETTINGS[field].choices:
        return None
    by_word = {_word(name): name for name in SETTINGS[field].choices}
    return by_word.get(_word(value), value)


def _word(text: str) -> str:
    """Normalize a word: `cross_entropy` and `CrossEntropyLoss` are the same."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()).removesuffix("loss")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in list(value)[:MOST_ENTRIES]]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_TEXT]
