"""Group runs that have the same settings, with the mean of their results and the spread of repeats."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from digits_core.evaluation.comparison.differing_settings import varying
from digits_core.evaluation.comparison.significance import Spread, spread
from digits_core.runs.rows import Run
from digits_core.runs.run_filters import value_of
from digits_core.runs.run_settings import in_order, settings_of
from digits_core.settings import name_of, written

REPEATS = "repeats"
"""Groups by all settings except the seed: the runs of a group are repeats of one experiment."""


@dataclass(frozen=True)
class Group:
    """Runs with the same value; `differing` are the settings, except the seed, in which they differ.

    If `differing` names one, a spread is not that of repeats: it includes the effect of that setting.
    """

    label: str
    runs: tuple[Run, ...]
    differing: tuple[str, ...]

    def spread(self, result: str) -> Spread | None:
        """Return mean and deviation of a result over the runs that have it; `None` if none has."""
        return spread(value_of(run, result) for run in self.runs)


def group_by(runs: Sequence[Run], field: str) -> list[Group]:
    """Group the runs by the value of a setting, lowest first; by `tag`, a run is in one group for each of its tags.

    By `REPEATS`, the groups with the most runs come first.
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


def same_except(runs: Iterable[Run], fields: Collection[str]) -> list[list[Run]]:
    """Return the runs in groups with equal settings except name, recipe and `fields`, in the order of their first runs.

    A setting that a logged run does not state equals only one that another run does not state; its own names are
    ignored.
    """
    return _grouped(runs, lambda run: _settings(run, fields))


def same_except_seed(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the runs in groups of repeats: as `same_except` the seed, and equal in logged runs' own settings too."""
    return _grouped(runs, lambda run: (*_settings(run, ("seed",)), _own_settings(run)))


def _grouped(runs: Iterable[Run], key: Callable[[Run], tuple[Any, ...]]) -> list[list[Run]]:
    groups: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return list(groups.values())


def _settings(run: Run, aside: Collection[str]) -> tuple[Any, ...]:
    return tuple(value for field, value in settings_of(run).items() if field not in aside)


def _own_settings(run: Run) -> str:
    """Return what a logged run states of its settings, except the seed; a run that states nothing equals no other."""
    if not run.is_logged:
        return ""
    return str({name: value for name, value in run.logged_config.items() if name != "seed"} or run.id)


def _repeats(runs: Sequence[Run]) -> list[Group]:
    fields = [field for field in varying(runs) if field != "seed"]
    groups = [Group(_described(same[0], fields), tuple(same), ()) for same in same_except_seed(runs)]
    return sorted(groups, key=lambda group: -len(group.runs))


def _described(run: Run, fields: Sequence[str]) -> str:
    """Return how a run differs from those in other groups, or its recipe if it does not."""
    settings = settings_of(run)
    words = (f"{name_of(field)} {written(field, settings[field])}" for field in fields)
    return " · ".join(words) or run.recipe or run.name


def _differing(runs: Sequence[Run], field: str) -> tuple[str, ...]:
    return tuple(each for each in varying(runs) if each not in (field, "seed"))
