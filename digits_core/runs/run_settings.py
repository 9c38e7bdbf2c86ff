"""The settings of many runs, side by side: read fast, by their own names, in words."""

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

Key = tuple[str, int, str, bool, str]
"""What `settings_key` returns: runs with equal keys have equal settings."""
Settings = Mapping[str, Any]
"""Field names, unique over all sections of a config, and their values as JSON has them, lists as tuples.

`None` is what a logged run does not say."""

CHANGES = "changes_by_hand"
"""Beside the fields of the config: what was changed while the run trained, in words; `NONE` where it ran as set."""
NONE = "none"

MOSTLY = ("train", "test", "epochs", "batch_size", "learning_rate", "optimizer", "loss")
"""The variables that the lecture changes, in the order in which they are shown."""


def settings_of(run: Run) -> Settings:
    """Return the settings by which a run is compared, shown and exported everywhere: those of `run.plan`.

    The epochs are those planned by now, with the ones that were added while it trained. A learning rate is the one that
    the run began with; `CHANGES` says what it was set to later.
    """
    return settings_from(settings_key(run))


def settings_key(run: Run) -> Key:
    """Return all that decides the settings of a run: telling two apart must be faster than reading them."""
    logged = run.logged_config_json if run.is_logged else ""
    return ("" if logged else run.config_json), run.epochs, run.by_hand_json, bool(run.parent), logged


def settings_from(key: Key) -> Settings:
    """Return the settings of every run with this key."""
    return _settings(*key)


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return the values lowest first; numbers before words, and what is not known, `None`, last."""
    return sorted(values, key=lambda value: (value is None, isinstance(value, str | tuple), value))


# A page reads the settings of two thousand runs each time that it is drawn; they never change.
@lru_cache(maxsize=1 << 15)
def _settings(config_json: str, epochs: int, by_hand_json: str, continued: bool, logged: str) -> Settings:
    if logged:
        unknown: dict[str, Any] = dict.fromkeys(_defaults())
        return MappingProxyType(unknown | as_settings(logged) | {"epochs": epochs or None, CHANGES: NONE})
    config = json.loads(config_json)
    # A config that was written before a setting was there has its default.
    given = {field: value for section in SECTIONS for field, value in config.get(section, {}).items()}
    if "layers" in given:
        given["layers"] = to_text(NetworkConfig(layers=given["layers"]).layers)
    values: dict[str, Any] = {field: given.get(field, default) for field, default in _defaults().items()}
    values["epochs"] = epochs or values["epochs"]
    values[CHANGES] = _changes_in_words(by_hand(by_hand_json, values["schedule"]), continued, values["schedule"])
    return MappingProxyType({field: tuple(v) if isinstance(v, list) else v for field, v in values.items()})


def _changes_in_words(changes: Sequence[HandChange], continued: bool, schedule: str) -> str:
    """Say what makes a run another one than its config: `learning rate 0.01 from epoch 3`."""
    # With a constant learning rate, a run that was continued is one that trained as long without a break.
    words = ["continued, with its schedule begun anew"] if continued and schedule != "constant" else []
    for each in changes:
        place = f"batch {each.batch + 1} of epoch {each.epoch}" if each.batch else f"epoch {each.epoch}"
        words.append(f"{name_of(each.what)} {written_out(each.value)} from {place}")
    return "; ".join(words) or NONE


@lru_cache(maxsize=1)
def _defaults() -> Settings:
    sections: Sequence[dict[str, Any]] = [dict(config()) for config in SECTIONS.values()]
    defaults = {field: by_name(field, value) for section in sections for field, value in section.items()}
    return defaults | {CHANGES: NONE}
