"""Runs that were set alike, taken together: the mean of what came out, and how far repeats lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from digits_core.runs.rows import Run
from digits_core.runs.run_filters import value_of
from digits_core.runs.run_settings import in_order, settings_of, varying
from digits_core.settings import name_of, written

REPEATS = "repeats"
"""To group by all settings but the seed: what one group has were repeats of one experiment."""


@dataclass(frozen=True)
class Spread:
    """The mean of `count` values and their standard deviation (of a sample, n − 1), `None` for one alone."""

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True)
class Group:
    """Runs with the same value; `differing` are the settings, but for the seed, in which they are not alike.

    Where `differing` names one, a spread is not that of repeats: it holds the effect of that setting too.
    """

    label: str
    runs: tuple[Run, ...]
    differing: tuple[str, ...]

    def spread(self, result: str) -> Spread | None:
        """Mean and deviation of a result over the runs that have it; `None` where none has."""
        return spread(value_of(run, result) for run in self.runs)


def spread(values: Iterable[float | None]) -> Spread | None:
    """The spread of the values that are there."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None, len(known))


def group_by(runs: Sequence[Run], field: str) -> list[Group]:
    """The runs by the value of a setting, lowest first; by `tag` a run is in as many groups as it has tags.

    By `REPEATS` the groups with the most runs come first.
    """
    if field == REPEATS:
        return _repeats(runs)
    members: dict[Any, list[Run]] = {}
    for run in runs:
        value = value_of(run, field)
        for each in (value or ("",)) if field == "tag" else (value,):
            members.setdefault(each, []).append(run)
    return [
        Group(written(field, value) or f"no {field}", tuple(members[value]), _differing(members[value], field))
        for value in in_order(members)
    ]


def same_but_for_the_seed(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the runs in groups of equal settings, name, recipe and seed aside, in the order of each group's first."""
    alike: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        settings = settings_of(run)
        known = (settings[field] for field in settings if field != "seed")
        alike.setdefault((*known, _own_settings(run)), []).append(run)
    return list(alike.values())


def _own_settings(run: Run) -> str:
    """What a logged run says of its settings, the seed aside; one that says nothing is like no other."""
    if not run.is_logged:
        return ""
    return str({name: value for name, value in run.logged_config.items() if name != "seed"} or run.id)


def _repeats(runs: Sequence[Run]) -> list[Group]:
    fields = [field for field in varying(runs) if field != "seed"]
    groups = [Group(_described(same[0], fields), tuple(same), ()) for same in same_but_for_the_seed(runs)]
    return sorted(groups, key=lambda group: -len(group.runs))


def _described(run: Run, fields: Sequence[str]) -> str:
    """How a run differs from those in other groups; its recipe where it does not."""
    settings = settings_of(run)
    words = (f"{name_of(field)} {written(field, settings[field])}" for field in fields)
    return " · ".join(words) or run.recipe or run.name


def _differing(runs: Sequence[Run], field: str) -> tuple[str, ...]:
    return tuple(each for each in varying(runs) if each not in (field, "seed"))
