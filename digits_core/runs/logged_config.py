"""The config of a run logged from a custom training loop: any names and values, some of them settings of this app."""

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
"""Names that other code uses for the settings of this app."""


def tidy_config(config: Any) -> dict[str, Any]:
    """Return a config as JSON-compatible values, with nested mappings flattened to `optimizer/name`.

    Args:
        config: A mapping, or an object whose attributes are the config, such as an `argparse.Namespace`. Values that
            JSON cannot represent are converted by `str`.

    Raises:
        LogError: If `config` is neither, a name is not a string, or there are more than `MOST_ENTRIES` entries.
    """
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        if not hasattr(config, "__dict__"):
            raise LogError(f"A config is a mapping of names to values, not a {type(config).__name__}.")
        config = vars(config)
    return {name: _plain(value) for name, value in flattened(config, MOST_ENTRIES).items()}


def as_settings(logged_json: str) -> dict[str, Any]:
    """Return the settings of this app that a stored config contains, by the names used in this app.

    `lr` is the learning rate and `CrossEntropyLoss` a choice of the loss; values that do not fit a setting are skipped.
    """
    found: dict[str, Any] = {}
    for name, value in json.loads(logged_json).items():
        field = _field(name)
        if field in SECTION_OF and (setting := _setting(field, value)) is not None:
            found.setdefault(field, setting)
    return found


def is_setting(name: str) -> bool:
    """Return True if a config entry with this name is a setting of this app."""
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
    """Return a normalized word: `cross_entropy` and `CrossEntropyLoss` give the same one."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()).removesuffix("loss")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in list(value)[:MOST_ENTRIES]]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_TEXT]
