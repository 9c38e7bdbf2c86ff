"""In which settings runs differ, and which they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from digits_core.runs.logged_config import is_setting
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import Key, in_order, settings_from, settings_key, settings_of


def varying(runs: Iterable[Run]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all these runs, each with its values, lowest first.

    A setting that a logged run does not state counts as equal to any value.
    """
    return _varying(frozenset(settings_key(run) for run in runs))


def own_varying(runs: Iterable[Run]) -> list[str]:
    """Return the names used for settings only by logged runs' own loops, of those that are not the same in all."""
    logged = [run for run in runs if run.is_logged]
    names = {name: None for run in logged for name in run.logged_config if not is_setting(name)}
    return [
        name
        for name in names
        if len({repr(run.logged_config[name]) for run in logged if name in run.logged_config}) > 1
    ]


def not_known_equal(first: Run, second: Run) -> set[str]:
    """Return the settings in which two runs differ, including those that only one of them states."""
    one, other = settings_of(first), settings_of(second)
    return {field for field in one if one[field] != other[field]}


def differing_and_common(runs: Sequence[Run]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Return the settings of one or more runs by name: those that differ, and those that they have in common.

    Those that differ have a value for each run, `None` if a logged run does not state it, and the names used only by
    logged runs' own loops come last; those in common have one value.
    """
    each = [settings_of(run) for run in runs]
    different: dict[str, list[Any]] = {name: [one[name] for one in each] for name in varying(runs)}
    different |= {name: [run.logged_config.get(name) for run in runs] for name in own_varying(runs)}
    common = {
        name: next((one[name] for one in each if one[name] is not None), None)
        for name in each[0]
        if name not in different
    }
    return different, common


@lru_cache(maxsize=64)
def _varying(keys: frozenset[Key]) -> dict[str, list[Any]]:
    rows = [settings_from(key) for key in keys]
    found = {field: {row[field] for row in rows} - {None} for field in rows[0]} if len(rows) > 1 else {}
    return {field: in_order(values) for field, values in found.items() if len(values) > 1}
