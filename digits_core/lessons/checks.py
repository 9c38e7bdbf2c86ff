"""What a step of a lesson may require: a small declarative language over the data the app stores, without any code.

A check is a mapping with one key, as in a lesson's YAML:

    run: {epochs: 4, dataset: mnist-5k, test_accuracy: {at_least: 0.95}, faster_than: "@first"}
    runs: {count: 3, differ_in: learning_rate, where: {epochs: 2}}
    handwriting: {digits: 10, of_each: 1}
    network: {parameters: {at_most: 20000}}
    all: [check, …]        any: [check, …]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from digits_core.config import NetworkConfig
from digits_core.errors import ConfigError, LessonError
from digits_core.evaluation.comparison.differing_settings import not_known_equal
from digits_core.evaluation.comparison.run_groups import same_except
from digits_core.layers.placed import parameter_count, place_layers
from digits_core.runs.rows import Run
from digits_core.runs.run_filters import (
    RESULTS,
    SIGNS,
    Condition,
    alternatives,
    as_number,
    field_of,
    matching,
    parse,
    value_of,
)
from digits_core.runs.run_settings import settings_of
from digits_core.settings import SECTION_OF, name_of, written, written_out

OF_STEP = "@"
"""`@id` refers to the run that met the check of the step with that `id`."""
MOST_CHECKS = 20
"""Checks allowed in one step, nested ones included."""
MOST_RUNS = 50
MOST_DIGITS = 1000
ALIASES = {"dataset": "train"}
COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool], str]] = {
    "better_than": ("accuracy", lambda mine, other: mine > other, "a higher test accuracy than"),
    "faster_than": ("seconds", lambda mine, other: mine < other, "less training time than"),
    "smaller_than": ("parameters", lambda mine, other: mine < other, "fewer parameters than"),
}
"""Each with the result that it compares, the comparison, and its wording."""
BOUNDS = {"at_least": ">=", "at_most": "<="}


@dataclass(frozen=True)
class Evidence:
    """What a check may look at: what this learner did since they began the lesson.

    runs: those that count, newest first; labels: of the digits that they wrote, one each; networks: the saved ones;
    met_by: for each completed step, the runs that met its check; titles: of the lesson's steps, by their ids.
    """

    runs: Sequence[Run] = ()
    labels: Sequence[int] = ()
    networks: Sequence[NetworkConfig] = ()
    met_by: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether a check is met. If not, `missing` is a sentence that says what is left to do.

    `runs` are the ids of the runs that met it.
    """

    met: bool
    missing: str = ""
    runs: tuple[str, ...] = ()


class Check(ABC):
    """A condition that the app can check by itself."""

    @abstractmethod
    def judge(self, evidence: Evidence) -> Verdict:
        """Return the verdict of this check on the evidence."""

    def names_steps(self) -> Iterator[str]:
        """Yield the ids of the steps whose runs this check compares with."""
        return iter(())


@dataclass(frozen=True)
class Comparison:
    """A comparison of `kind`, one of `COMPARISONS`, with the run of a step."""

    kind: str
    step: str

    @property
    def words(self) -> str:
        return COMPARISONS[self.kind][2]

    def holds(self, run: Run, other: Run) -> bool:
        result, is_so, _words = COMPARISONS[self.kind]
        mine, others = value_of(run, result), value_of(other, result)
        return mine is not None and others is not None and is_so(mine, others)


@dataclass(frozen=True)
class Difference:
    """The run differs from that of a step, only in the settings `only_in` unless that is empty."""

    step: str
    only_in: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        fields = " and ".join(name_of(each) for each in self.only_in)
        return f"settings that differ only in the {fields} from those of" if fields else "other settings than"

    def holds(self, run: Run, other: Run) -> bool:
        different = not_known_equal(run, other)
        return bool(different) and (not self.only_in or different == set(self.only_in))


@dataclass(frozen=True)
class RunCheck(Check):
    """Requires a finished run that meets all conditions and all comparisons with the runs of earlier steps."""

    conditions: tuple[Condition, ...] = ()
    compared: tuple[Comparison | Difference, ...] = ()

    def names_steps(self) -> Iterator[str]:
        return (each.step for each in self.compared)

    def judge(self, evidence: Evidence) -> Verdict:
        for each in self.compared:
            if not evidence.met_by.get(each.step):
                title = evidence.titles.get(each.step, each.step)
                return Verdict(False, f"The step “{title}” comes first: yours is compared with its run.")
        if not evidence.runs:
            return Verdict(False, "No run of yours has finished since you began this lesson.")
        closest = min(((self._unmet(run, evidence), -place, run) for place, run in enumerate(evidence.runs)), key=_left)
        unmet, _place, run = closest
        if not unmet:
            return Verdict(True, runs=(run.id,))
        return Verdict(False, f"Closest so far is {run.title}. It still needs {', and '.join(unmet)}.")

    def _unmet(self, run: Run, evidence: Evidence) -> list[str]:
        unmet = [
            _asked(wanted, run)
            for wanted in alternatives(self.conditions)
            if not any(each.holds(run) for each in wanted)
        ]
        for each in self.compared:
            other = evidence.met_by[each.step][0]
            if run.id == other.id or not each.holds(run, other):
                unmet.append(f"{each.words} {other.title}")
        return unmet


@dataclass(frozen=True)
class RunsCheck(Check):
    """Requires `count` finished runs that differ only in `differ_in`, each with a different combination of values."""

    count: int
    differ_in: tuple[str, ...]
    where: tuple[Condition, ...] = ()

    def judge(self, evidence: Evidence) -> Verdict:
        alike = [self._by_values(group) for group in same_except(matching(evidence.runs, self.where), self.differ_in)]
        # Three runs that vary two settings must vary both of them.
        groups = [runs for runs in alike if self._vary(list(runs))]
        most = max(groups, key=len, default={})
        if len(most) >= self.count:
            return Verdict(True, runs=tuple(run.id for run in list(most.values())[: self.count]))
        fields = " and the ".join(name_of(each) for each in self.differ_in)
        found = max(map(len, alike), default=0)
        where = f" with {', '.join(each.words for each in self.where)}" if self.where else ""
        missing = (
            f"{self.count} finished runs{where} that differ only in the {fields} are asked for; there are {found}."
        )
        return Verdict(False, missing[0].upper() + missing[1:])

    def _by_values(self, runs: Sequence[Run]) -> dict[tuple[Any, ...], Run]:
        """Return the first run with each combination of values of `differ_in`."""
        found: dict[tuple[Any, ...], Run] = {}
        for run in runs:
            settings = settings_of(run)
            found.setdefault(tuple(settings[name] for name in self.differ_in), run)
        return found

    def _vary(self, values: Sequence[tuple[Any, ...]]) -> bool:
        return all(len(set(each)) > 1 for each in zip(*values, strict=True)) or self.count == 1


@dataclass(frozen=True)
class HandwritingCheck(Check):
    """Requires a number of written digits in all, and of each digit."""

    digits: int = 0
    of_each: int = 0

    def judge(self, evidence: Evidence) -> Verdict:
        lacking = [str(digit) for digit in range(10) if evidence.labels.count(digit) < self.of_each]
        have, asked = len(evidence.labels), max(self.digits, 10 * self.of_each)
        if have >= self.digits and not lacking:
            return Verdict(True)
        more = f" Still to be written: {', '.join(lacking)}." if lacking else ""
        return Verdict(False, f"{have} of {asked} digits are collected.{more}")


@dataclass(frozen=True)
class NetworkCheck(Check):
    """Requires a saved network whose number of parameters meets the conditions, for images of 28 by 28."""

    parameters: tuple[Condition, ...]

    def judge(self, evidence: Evidence) -> Verdict:
        counts = [parameter_count(place_layers(config.layers, 28, 0.0)) for config in evidence.networks]
        if any(all(each.holds_for(count) for each in self.parameters) for count in counts):
            return Verdict(True)
        asked = " and ".join(
            f"{SIGNS.get(each.sign, each.sign)} {as_number(each.value):,.0f}" for each in self.parameters
        )
        smallest = f" The smallest that is saved has {min(counts):,}." if counts else " None is saved yet."
        return Verdict(False, f"A saved network with {asked} parameters is asked for.{smallest}")


@dataclass(frozen=True)
class _Several(Check):
    checks: tuple[Check, ...]

    def names_steps(self) -> Iterator[str]:
        return (step for each in self.checks for step in each.names_steps())


class AllOf(_Several):
    """Requires that every check is met."""

    def judge(self, evidence: Evidence) -> Verdict:
        verdicts = [each.judge(evidence) for each in self.checks]
        missing = " ".join(each.missing for each in verdicts if not each.met)
        return Verdict(not missing, missing, _runs_of(verdicts))


class AnyOf(_Several):
    """Requires that at least one check is met."""

    def judge(self, evidence: Evidence) -> Verdict:
        verdicts = [each.judge(evidence) for each in self.checks]
        if met := [each for each in verdicts if each.met]:
            return Verdict(True, runs=_runs_of(met))
        return Verdict(False, " Or: ".join(each.missing for each in verdicts))


def read_check(value: object) -> Check:
    """Return the check described by a lesson's YAML; raise `LessonError` with the problem if it is invalid."""
    return _read(value, [MOST_CHECKS])


def _read(value: object, left: list[int]) -> Check:
    left[0] -= 1
    if left[0] < 0:
        raise LessonError(f"A step may have {MOST_CHECKS} checks, those inside others included.")
    if not isinstance(value, dict) or len(value) != 1:
        raise LessonError(f"A check is a mapping with one key: {', '.join([*_READERS, 'all', 'any'])}.")
    ((kind, content),) = value.items()
    if kind in ("all", "any"):
        if not isinstance(content, list) or not content:
            raise LessonError(f"`{kind}` is a list of checks.")
        checks = tuple(_read(each, left) for each in content)
        return AllOf(checks) if kind == "all" else AnyOf(checks)
    if kind not in _READERS:
        raise LessonError(f"There is no check “{_short(kind)}”. There are: {', '.join([*_READERS, 'all', 'any'])}.")
    if not isinstance(content, dict):
        raise LessonError(f"`{kind}` is a mapping.")
    return _READERS[kind](content)


def _read_run(content: Mapping[Any, Any]) -> RunCheck:
    compared = tuple(Comparison(kind, _step(content[kind])) for kind in COMPARISONS if kind in content)
    differences = (_difference(content["differs_from"]),) if "differs_from" in content else ()
    rest = {key: each for key, each in content.items() if key not in COMPARISONS and key != "differs_from"}
    check = RunCheck(_conditions(rest), (*compared, *differences))
    if not (check.conditions or check.compared):
        raise LessonError("`run` needs at least one condition, such as `epochs: 4`.")
    return check


def _read_runs(content: Mapping[Any, Any]) -> RunsCheck:
    _only(content, "runs", ("count", "differ_in", "where"))
    where = content.get("where", {})
    if not isinstance(where, dict):
        raise LessonError("`where` is a mapping of conditions.")
    return RunsCheck(
        _whole(content.get("count"), "count", 1, MOST_RUNS), _fields(content.get("differ_in")), _conditions(where)
    )


def _read_handwriting(content: Mapping[Any, Any]) -> HandwritingCheck:
    _only(content, "handwriting", ("digits", "of_each"))
    digits = _whole(content.get("digits", 0), "digits", 0, MOST_DIGITS)
    of_each = _whole(content.get("of_each", 0), "of_each", 0, MOST_DIGITS // 10)
    if not digits and not of_each:
        raise LessonError("`handwriting` needs `digits` or `of_each`.")
    return HandwritingCheck(digits, of_each)


def _read_network(content: Mapping[Any, Any]) -> NetworkCheck:
    _only(content, "network", ("parameters",))
    if "parameters" not in content:
        raise LessonError("`network` needs `parameters`.")
    return NetworkCheck(_conditions(content))


_READERS: dict[str, Callable[[Mapping[Any, Any]], Check]] = {
    "run": _read_run,
    "runs": _read_runs,
    "handwriting": _read_handwriting,
    "network": _read_network,
}


def _conditions(content: Mapping[Any, Any]) -> tuple[Condition, ...]:
    """Return the conditions on a run: for each key a value, a list of alternative values, or bounds."""
    found = []
    for key, asked in content.items():
        name = ALIASES.get(key, key)
        if isinstance(asked, dict):
            _only(asked, str(key), BOUNDS)
            if not asked:
                raise LessonError(f"`{_short(key)}` needs `at_least` or `at_most`.")
            found += [_condition(name, BOUNDS[bound], limit) for bound, limit in asked.items()]
        else:
            found += [_condition(name, "=", each) for each in (asked if isinstance(asked, list) else [asked])]
    return tuple(found)


def _condition(name: object, sign: str, value: object) -> Condition:
    if not isinstance(name, str) or not isinstance(value, str | int | float):
        raise LessonError(f"`{_short(name)}` cannot be “{_short(value)}”.")
    if field_of(name) is None:
        raise LessonError(f"A run has no setting or result “{_short(name)}”.")
    try:
        return parse(f"{name} {sign} {written(name, value) if isinstance(value, bool) else value}")
    except ConfigError as error:
        raise LessonError(f"`{_short(name)}: {_short(value)}` is not a condition on a run. {error}") from error


def _difference(content: object) -> Difference:
    if not isinstance(content, dict):
        return Difference(_step(content))
    _only(content, "differs_from", ("run", "only_in"))
    return Difference(_step(content.get("run")), _fields(content["only_in"]) if "only_in" in content else ())


def _step(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(OF_STEP) or len(value) < 2:
        raise LessonError(f"“{_short(value)}” is not a run of a step: write {OF_STEP} and the step's id.")
    return value.removeprefix(OF_STEP)


def _fields(value: object) -> tuple[str, ...]:
    names = [ALIASES.get(each, each) for each in map(str, value if isinstance(value, list) else [value])]
    for each in names:
        if each not in SECTION_OF:
            raise LessonError(f"“{_short(each)}” is not a setting of a run.")
    if not names:
        raise LessonError("Name at least one setting.")
    return tuple(dict.fromkeys(names))


def _only(content: Mapping[Any, Any], where: str, keys: Sequence[str] | Mapping[str, str]) -> None:
    for key in content:
        if key not in keys:
            raise LessonError(f"`{where}` has no “{_short(key)}”. It has: {', '.join(keys)}.")


def _whole(value: object, name: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise LessonError(f"`{name}` should be a whole number from {low} to {high}.")
    return value


def _asked(wanted: Sequence[Condition], run: Run) -> str:
    name = wanted[0].field
    words = " or ".join(_as_read(each) for each in wanted)
    return f"{words} (it has {_written(name, value_of(run, name))})"


def _as_read(condition: Condition) -> str:
    """Return a condition as readable text, in the unit of the run's value."""
    if condition.field not in RESULTS:
        return condition.words
    name, sign = condition.field, SIGNS.get(condition.sign, condition.sign)
    return f"{name_of(name)} {sign} {_written(name, as_number(condition.value))}"


def _written(name: str, value: Any) -> str:
    if value is None or name not in RESULTS:
        return written(name, value)
    return f"{value:.2%}" if name == "accuracy" else f"{value:,.0f}" if value >= 1000 else written_out(float(value))


def _left(found: tuple[list[str], int, Run]) -> tuple[int, int]:
    """Return a sort key that puts the run with the fewest unmet conditions first, the newest of several."""
    return len(found[0]), -found[1]


def _runs_of(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run for each in verdicts for run in each.runs))


def _short(value: object) -> str:
    """Return the text of a value, shortened to fit in a message."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
