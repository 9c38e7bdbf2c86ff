"""The settings of many runs by field name, cached for fast comparison."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from digits_core.config import NetworkConfig
from digits_core.layers.text import to_text
from digits_core.runs.logged_config import as_settings
from digits_core.runs.rows import HandChange, Run, by_hand
from digits_core.settings import SECTIONS, by_name, name_of, written_out

Key = tuple[str, int, str, bool, str, str]
"""The type of `settings_key`: runs with equal keys have equal settings."""
Settings = Mapping[str, Any]
"""Field names, unique over all sections of a config, with their values as in JSON but lists as tuples.

`None` if a logged run does not say."""

CHANGES = "changes_by_hand"
"""A field besides those of the config: the changes made while the run trained, and to its weights afterwards, as text;
`NONE` if there were none."""
NONE = "none"

MOSTLY = ("train", "test", "epochs", "batch_size", "learning_rate", "optimizer", "loss")
"""The settings that the lecture varies, in display order."""


def settings_of(run: Run) -> Settings:
    """Return the settings of `run.plan`, by which a run is compared, shown and exported everywhere.

    `epochs` is the number planned by now, including those added while the run trained. The learning rate is the one
    that the run started with; `CHANGES` holds later ones.
    """
    return settings_from(settings_key(run))


def settings_key(run: Run) -> Key:
    """Return a key of all that determines a run's settings, since comparing keys is faster than reading settings."""
    logged = run.logged_config_json if run.is_logged else ""
    config = "" if logged else run.config_json
    return config, run.epochs, run.by_hand_json, bool(run.parent), logged, run.changed_afterwards


def settings_from(key: Key) -> Settings:
    """Return the settings of every run with this key."""
    return _settings(*key)


def in_order(values: Iterable[Any]) -> list[Any]:
    """Sort the values in ascending order: numbers before text, and `None`, for unknown, last."""
    return sorted(values, key=lambda value: (value is None, isinstance(value, str | tuple), value))


# A page reads the settings of up to two thousand runs on each rerun; for a given key they never change.
@lru_cache(maxsize=1 << 15)
def _settings(
    config_json: str, epochs: int, by_hand_json: str, continued: bool, logged: str, afterwards: str
) -> Settings:
    if logged:
        unknown: dict[str, Any] = dict.fromkeys(_defaults())
        return MappingProxyType(unknown | as_settings(logged) | {"epochs": epochs or None, CHANGES: NONE})
    config = json.loads(config_json)
    # Configs written before a setting existed have its default.
    given = {field: value for section in SECTIONS for field, value in config.get(section, {}).items()}
    if "layers" in given:
        given["layers"] = to_text(NetworkConfig(layers=given["layers"]).layers)
    values: dict[str, Any] = {field: given.get(field, default) for field, default in _defaults().items()}
    values["epochs"] = epochs or values["epochs"]
    changes = by_hand(by_hand_json, values["schedule"])
    values[CHANGES] = _changes_in_words(changes, continued, values["schedule"], afterwards)
    return MappingProxyType({field: tuple(v) if isinstance(v, list) else v for field, v in values.items()})


def _changes_in_words(changes: Sequence[HandChange], continued: bool, schedule: str, afterwards: str) -> str:
    """Describe how a run deviates from its config: `learning rate 0.01 from epoch 3`."""
    # With a constant learning rate, a continued run equals one that trained as long without a break.
    words = ["continued, with its schedule begun anew"] if continued and schedule != "constant" else []
    for each in changes:
        place = f"batch {each.batch + 1} of epoch {each.epoch}" if each.batch else f"epoch {each.epoch}"
        words.append(f"{name_of(each.what)} {written_out(each.value)} from {place}")
    if afterwards:
        words.append(f"weights changed after training ({afterwards})")
    return "; ".join(words) or NONE


@lru_cache(maxsize=1)
def _defaults() -> Settings:
    sections: Sequence[dict[str, Any]] = [dict(config()) for config in SECTIONS.values()]
    defaults = {field: by_name(field, value) for section in sections for field, value in section.items()}
    return defaults | {CHANGES: NONE}
