"""Filters of runs: conditions on settings, results, status and tags, as typed by users and as stored in a URL.

`batch_size=16`, `accuracy>=0.97`, `tag=good`: a field, a comparison, a value. Several `=` conditions on one
field are alternatives; all others must hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from digits_core.config import RunConfig
from digits_core.errors import ConfigError
from digits_core.layers.placed import parameter_count, place_layers
from digits_core.runs.rows import Run
from digits_core.runs.run_settings import CHANGES, in_order, settings_of
from digits_core.settings import SECTION_OF, is_number, name_of, read, title_of, written

OFFERED_VALUES = 24
"""Settings with more values, such as a seed, are not offered but typed."""


@lru_cache(maxsize=1 << 12)
def _parameters(config: RunConfig) -> int:
    network, transform, training = config.network, config.transform, config.training
    return parameter_count(place_layers(network.layers, transform.size, training.dropout))


RESULTS: dict[str, Callable[[Run], Any]] = {
    "accuracy": lambda run: run.test_accuracy,
    "test_loss": lambda run: run.test_loss,
    "seconds": lambda run: run.seconds,
    "images_per_second": lambda run: run.images_per_second,
    "parameters": lambda run: None if run.is_logged else _parameters(run.config),
    "number": lambda run: run.number,
}
WORDS: dict[str, Callable[[Run], Any]] = {
    "status": lambda run: run.status,
    "tag": lambda run: run.tags,
    "recipe": lambda run: run.recipe,
    "name": lambda run: run.name,
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
SIGNS = {"!=": "≠", ">=": "≥", "<=": "≤"}
_PARTS = re.compile(r"\s*(?P<field>[\w /]+?)\s*(?P<sign>!=|>=|<=|=|>|<|≥|≤|≠|:)\s*(?P<value>.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"(?P<digits>[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)\s*(?P<percent>%?)", re.IGNORECASE)


@dataclass(frozen=True)
class Condition:
    """A condition on one field; `value` is as typed."""

    field: str
    sign: str
    value: str

    @property
    def text(self) -> str:
        """The condition as text for a URL, which `parse` can read."""
        return f"{self.field}{self.sign}{self.value}"

    @property
    def words(self) -> str:
        """The condition as shown to users."""
        value = written(self.field, self.value) or "none"
        return f"{name_of(self.field)} {SIGNS.get(self.sign, self.sign)} {value}"

    @cached_property
    def _number(self) -> float:
        return as_number(self.value)

    @cached_property
    def _plain(self) -> str:
        return self.value.casefold()

    def holds(self, run: Run) -> bool:
        return self.holds_for(value_of(run, self.field))

    def holds_for(self, value: Any) -> bool:
        """Return True if the condition holds for this value of the field."""
        if isinstance(value, tuple):
            if not self.value or not value:
                return (not value and not self.value) == (self.sign == "=")
            # One matching dataset or tag is enough for `=`; for `!=`, none may match.
            return (all if self.sign == "!=" else any)(self.holds_for(each) for each in value)
        if isinstance(value, bool):
            return COMPARE[self.sign](written(self.field, value), self._plain)
        if isinstance(value, int | float):
            return COMPARE[self.sign](value, self._number)
        return value is not None and COMPARE[self.sign](str(value).casefold(), self._plain)


def parse(text: str) -> Condition:
    """Parse a condition. Raises `ConfigError`, which explains the syntax, if it is invalid."""
    parts = _PARTS.fullmatch(text)
    field = field_of(parts["field"]) if parts else None
    if parts is None or field is None:
        raise ConfigError(
            f"“{text[:60]}” is not a valid filter: write a setting or result, a comparison and a value, as in "
            "batch size = 16, accuracy > 97 % or tag = good."
        )
    sign = {"≥": ">=", "≤": "<=", "≠": "!=", ":": "="}.get(parts["sign"], parts["sign"])
    condition = Condition(field, sign, read(field, parts["value"]))
    if _is_number(field):
        as_number(condition.value)
    elif sign not in ("=", "!="):
        raise ConfigError(f"{title_of(field)} can only be compared with = or ≠.")
    return condition


def as_number(text: str) -> float:
    """Parse a number such as `0.97`, or the same as `97 %`. Raises `ConfigError` for anything else."""
    parts = _NUMBER.fullmatch(text.strip())
    if parts is None:
        raise ConfigError(f"“{text[:60]}” is not a number.")
    return float(parts["digits"]) / (100 if parts["percent"] else 1)


def value_of(run: Run, field: str) -> Any:
    """Return a run's value of a field: a setting, a result, `status`, `tag`, `recipe` or `name`."""
    read = RESULTS.get(field) or WORDS.get(field)
    return read(run) if read else settings_of(run)[field]


def alternatives(conditions: Iterable[Condition]) -> list[list[Condition]]:
    """Return groups of conditions, one of which must hold in each group: `=` conditions on one field form a group."""
    equal: dict[str, list[Condition]] = {}
    rest: list[Condition] = []
    for condition in conditions:
        (equal.setdefault(condition.field, []) if condition.sign == "=" else rest).append(condition)
    return [*equal.values(), *([each] for each in rest)]


def matching(runs: Sequence[Run], conditions: Iterable[Condition], search: str = "") -> list[Run]:
    """Return the runs for which all conditions hold; each word of `search` must occur in a text of the run."""
    asked = alternatives(conditions)
    wanted = search.casefold().split()
    return [
        run
        for run in runs
        if all(any(each.holds(run) for each in group) for group in asked)
        and (not wanted or all(word in _said_of(run) for word in wanted))
    ]


def offers(runs: Sequence[Run], differing: Mapping[str, Sequence[Any]]) -> list[Condition]:
    """Return the conditions that distinguish these runs: status, tags and recipe first, then settings.

    Args:
        differing: The settings in which these runs differ, each with its values.
    """
    words = {field: {value for run in runs for value in _each(read(run))} for field, read in WORDS.items()}
    known: dict[str, list[Any]] = {"status": in_order(words["status"]), "tag": in_order(words["tag"])}
    known |= {"recipe": in_order(words["recipe"] - {""})}
    for field, values in differing.items():
        known[field] = in_order({part for value in values for part in _each(value)})
    return [
        Condition(field, "=", written(field, value) if isinstance(value, bool) else str(value))
        for field, values in known.items()
        if len(values) <= OFFERED_VALUES and (len(values) > 1 or field == "tag")
        for value in values
    ]


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def field_of(words: str) -> str | None:
    """Return the field with this name or title, or `None` if there is none."""
    plain = " ".join(words.casefold().replace("_", " ").split())
    by_words = {name_of(field).casefold(): field for field in (*RESULTS, *WORDS, *SECTION_OF, CHANGES)}
    by_words |= {field.replace("_", " "): field for field in (*RESULTS, *WORDS, *SECTION_OF)}
    by_words |= {"tags": "tag", "images/s": "images_per_second", "test accuracy": "accuracy", "time": "seconds"}
    return by_words.get(plain)


def _is_number(field: str) -> bool:
    return field in RESULTS or is_number(field)


def _said_of(run: Run) -> str:
    data = settings_of(run)
    datasets = [name for field in ("train", "test") for name in data[field] or ()]
    parts = (run.title, run.id, run.recipe, run.origin, run.note, *run.tags, *datasets)
    return " ".join(parts).casefold()
