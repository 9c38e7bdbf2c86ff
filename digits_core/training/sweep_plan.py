"""What a sweep varies, and the configs that follow from it: always the same ones for the same plan.

A plan is data: saved with the sweep, and enough to continue it after a restart. `config` alone defines what each
setting may be: values and both ends of a range are validated as a run's would be.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, model_validator

from digits_core.config import Config, NetworkConfig, RunConfig
from digits_core.errors import ConfigError
from digits_core.layers.edits import with_knob
from digits_core.layers.text import to_text
from digits_core.settings import SECTION_OF, SECTIONS, SWEPT, by_name, is_number, kind_of, name_of, written
from digits_core.training.config_fields import with_fields

Method = Literal["grid", "random", "search"]
Scalar = bool | int | float | str
Settings = Mapping[str, Scalar]
"""A value for each varied field, in the order of the plan."""

MOST_RUNS = 1000
DIGITS = 3
"""Significant digits of a number that is drawn from a range: more would only be harder to read."""


class Varied(Config):
    """One setting that a sweep varies: over given values, or within a range of numbers, both ends included."""

    field: str
    values: Annotated[tuple[Scalar, ...], Field(max_length=100)] = ()
    low: int | float | None = None
    high: int | float | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_the_field_has_them(cls, given: Any) -> Any:
        """Convert values to the field's own type, without duplicates; raise its own error for an invalid one."""
        if not isinstance(given, dict) or given.get("field") not in SWEPT:
            return given
        field = given["field"]
        if not is_number(field) and (given.get("low"), given.get("high")) != (None, None):
            raise ConfigError(f"{field} is not a number: it has values, but no range.")
        ends = {end: as_value(field, given[end]) for end in ("low", "high") if given.get(end) is not None}
        values = tuple(dict.fromkeys(as_value(field, value) for value in given.get("values") or ()))
        return {**given, **ends, "values": values}

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Varied:
        if self.field not in SWEPT:
            raise ConfigError(f"{self.field[:40]!r} cannot be varied. What can: {', '.join(SWEPT)}.")
        if (self.low is None) != (self.high is None) or bool(self.values) == self.is_range:
            raise ConfigError(f"{self.field} needs either values or a range with both its ends.")
        if self.is_range and not self.ends[0] < self.ends[1]:
            raise ConfigError(
                f"{self.field} cannot vary from {self.low} to {self.high}: the lower bound must be below the upper."
            )
        return self

    @property
    def is_range(self) -> bool:
        return self.low is not None and self.high is not None

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value; only for a range."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return kind_of(self.field) is int

    @property
    def count(self) -> float:
        """How many values there are; infinite for a range of real numbers."""
        if not self.is_range:
            return len(self.values)
        low, high = self.ends
        return high - low + 1 if self.whole else math.inf

    @property
    def log(self) -> bool:
        """Whether the range is on a logarithmic scale: if it is positive and spans a factor of ten or more."""
        return self.is_range and self.ends[0] > 0 and self.ends[1] / self.ends[0] >= 10

    def spread(self, points: int) -> tuple[Scalar, ...]:
        """Return the values, or for a range `points` evenly spaced ones, fewer if whole numbers would repeat."""
        if not self.is_range:
            return self.values
        return tuple(dict.fromkeys(self._at(step / (points - 1)) for step in range(points)))

    def draw(self, chance: random.Random) -> Scalar:
        return self._at(chance.random()) if self.is_range else chance.choice(self.values)

    def rounded(self, value: float) -> Scalar:
        """Return the value rounded to `DIGITS` significant digits, within the range."""
        if value != 0:
            value = round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
        low, high = self.ends
        value = min(max(value, low), high)
        return round(value) if self.whole else float(value)

    def _at(self, share: float) -> Scalar:
        """Return the value at a fraction of the range, 0 for its low end and 1 for its high end."""
        low, high = self.ends
        if share in (0, 1):
            return high if share else low
        if self.log:
            return self.rounded(low * (high / low) ** share)
        return self.rounded(low + (high - low) * share)


class SweepPlan(Config):
    """Which settings are varied around a base, how, and over how many seeds, counted up from the base's own.

    `trials` is how many settings a random draw or a search tries, `points` how many values of a range a grid has. With
    `stop_underperforming`, a trial is stopped when its accuracy is below the median of the others at the same epoch.
    """

    name: Annotated[str, Field(max_length=80)] = ""
    base: RunConfig = RunConfig()
    varied: Annotated[tuple[Varied, ...], Field(min_length=1, max_length=6)]
    method: Method = "grid"
    trials: Annotated[int, Field(ge=1, le=500)] = 20
    points: Annotated[int, Field(ge=2, le=20)] = 5
    seeds: Annotated[int, Field(ge=1, le=20)] = 1
    stop_underperforming: Annotated[
        bool, Field(validation_alias=AliasChoices("stop_underperforming", "stop_hopeless"))  # the former name
    ] = False

    @model_validator(mode="after")
    def _can_be_run(self) -> SweepPlan:
        if len(set(self.fields)) < len(self.fields):
            raise ConfigError("Each setting can be varied once only.")
        if self.size > MOST_RUNS:
            raise ConfigError(f"These are {self.size:,} runs: a sweep holds {MOST_RUNS:,} at most. Vary less.")
        if self.base.training.seed + self.seeds - 1 > 2**31 - 1:
            raise ConfigError("Too many seeds for this base seed.")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(each.field for each in self.varied)

    @property
    def settings_count(self) -> int:
        """The maximum number of different settings that are tried."""
        if self.method == "grid":
            return math.prod(len(each.spread(self.points)) for each in self.varied)
        return int(min(self.trials, math.prod(each.count for each in self.varied)))

    @property
    def size(self) -> int:
        """The maximum number of runs."""
        return self.settings_count * self.seeds

    @property
    def title(self) -> str:
        """The name, or else what the sweep varies, in words."""
        return self.name.strip() or " × ".join(name_of(field) for field in self.fields)


def parse_all(texts: Sequence[str], network: NetworkConfig) -> tuple[Varied, ...]:
    """Parse each text as `parse_varied` does, or as a setting of the layers of `network`: `LAYER.FIELD=8,16`.

    With several layer settings, every combination is a network of its own.
    """
    knobs = {knob: values for knob, _, values in (text.partition("=") for text in texts) if "." in knob}
    others = tuple(parse_varied(text) for text in texts if "." not in text.partition("=")[0])
    return (*others, varied_layers(network, knobs)) if knobs else others


def parse_varied(text: str) -> Varied:
    """Parse `learning_rate=0.001,0.01`, `optimizer=adam,sgd` or a range of numbers, `learning_rate=0.0001..0.1`."""
    field, equals, values = text.partition("=")
    if not equals:
        raise ConfigError(f"{text[:60]!r} does not say what to vary over: write KEY=V1,V2 or KEY=LOW..HIGH.")
    return varied(field, values)


def varied_layers(network: NetworkConfig, knobs: Mapping[str, str]) -> Varied:
    """Return the networks for all combinations of the values in `{"LAYER.FIELD": "8, 16"}`."""
    networks = [network]
    for knob, text in knobs.items():
        name, _, field = knob.strip().partition(".")
        values = [value for value in text.split(",") if value.strip()]
        networks = [
            NetworkConfig(layers=with_knob(each.layers, name, field, value)) for each in networks for value in values
        ]
    return Varied(field="layers", values=tuple(to_text(each.layers) for each in networks))


def varied(field: str, text: str) -> Varied:
    """Parse the values to vary `field` over, as typed by the user: separated by commas, or `LOW..HIGH`."""
    field = field.strip().replace("-", "_").replace(" ", "_").lower()
    low, dots, high = text.partition("..")
    if dots:
        # A missing end is rejected like any other word that is not a number.
        given: dict[str, Any] = {"low": low.strip(), "high": high.strip()}
    else:
        given = {"values": [value.strip() for value in text.split(",") if value.strip()]}
    return Varied(field=field, **given)


def grid(plan: SweepPlan) -> Iterator[dict[str, Scalar]]:
    """Yield every combination, the last setting changing fastest."""
    for values in itertools.product(*(each.spread(plan.points) for each in plan.varied)):
        yield dict(zip(plan.fields, values, strict=True))


def draws(plan: SweepPlan) -> Iterator[dict[str, Scalar]]:
    """Yield random settings without duplicates, the same for the same base seed: `trials`, or fewer if exhausted."""
    chance = random.Random(plan.base.training.seed)
    seen: set[tuple[Scalar, ...]] = set()
    # A range of whole numbers may have fewer values than requested, so the number of draws is limited.
    for _ in range(50 * plan.trials):
        settings = {each.field: each.draw(chance) for each in plan.varied}
        if (key := key_of(settings)) not in seen:
            seen.add(key)
            yield settings
        if len(seen) == plan.settings_count:
            return


def config_of(plan: SweepPlan, settings: Settings, seed: int) -> RunConfig:
    """Return the config of one trial, named after its settings."""
    words = [f"{name_of(field)} {written(field, value)}" for field, value in settings.items()]
    if plan.seeds > 1:
        words.append(f"seed {seed}")
    return with_fields(plan.base, {**settings, "seed": seed, "name": " · ".join(words)[:120]})


def seeds(plan: SweepPlan) -> range:
    return range(plan.base.training.seed, plan.base.training.seed + plan.seeds)


def extremes(plan: SweepPlan) -> Iterator[RunConfig]:
    """Yield configs that bound all trials: each setting at each of its values, or at both ends of its range."""
    for each in plan.varied:
        for value in (each.low, each.high) if each.is_range else each.values:
            yield with_fields(plan.base, {each.field: value})


def foreseen(plan: SweepPlan, at_most: int = 50) -> list[RunConfig]:
    """Return evenly chosen configs that represent all trials.

    A search is unpredictable: the configs of a random draw represent it.
    """
    every = list(grid(plan) if plan.method == "grid" else draws(plan))
    chosen = every[:: math.ceil(len(every) / at_most)]
    return [config_of(plan, settings, plan.base.training.seed) for settings in chosen]


def key_of(settings: Settings) -> tuple[Scalar, ...]:
    return tuple(settings.values())


def as_value(field: str, value: Any) -> Scalar:
    """Return a value as the config stores it; raise the field's own `ConfigError` if it is invalid."""
    return by_name(field, getattr(SECTIONS[SECTION_OF[field]](**{field: value}), field))
