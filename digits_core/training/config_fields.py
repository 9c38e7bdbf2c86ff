"""The fields of a config by their own names, and a config in a URL: its recipe, and what differs from that.

Field names are unique over data, transform and training, so that `learning_rate` says all: `?recipe=Lecture&epochs=8`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from digits_core.config import NetworkConfig, RunConfig
from digits_core.errors import ConfigError
from digits_core.settings import SECTION_OF, by_name, default_of
from digits_core.training.recipes import LECTURE, RECIPES

Query = Mapping[str, Sequence[str]]
"""The parameters of a URL: each may be there more than once."""


def value_of(config: RunConfig, field: str) -> Any:
    return getattr(getattr(config, SECTION_OF[field]), field)


def with_fields(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """A copy with these fields changed, or whole sections (`transform`); `ConfigError` that names all that is wrong."""
    sections: dict[str, dict[str, Any]] = {}
    whole = {name: changes[name] for name in changes if name not in SECTION_OF}
    for field, value in changes.items():
        if field in SECTION_OF:
            sections.setdefault(SECTION_OF[field], {})[field] = value
    problems: list[str] = []
    for section, fields in sections.items():
        try:
            whole[section] = getattr(config, section).replace(**fields)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError("; ".join(problems) + ".", problems)
    return config.replace(**whole)


def laid_over(
    base: RunConfig, changes: Mapping[str, Any], datasets: Sequence[str] = (), network: NetworkConfig | None = None
) -> RunConfig:
    """A copy with these fields changed, trained and tested on `datasets` and of this network, if they are given."""
    if network is not None:
        base = base.replace(network=network)
    config = with_fields(base, changes)
    return config.replace(data=config.data.replace(train=datasets, test=datasets)) if datasets else config


def differences(config: RunConfig, base: RunConfig) -> dict[str, Any]:
    """The fields of `config` that differ from those of `base`, by name."""
    return {field: value for field in SECTION_OF if (value := value_of(config, field)) != value_of(base, field)}


def to_query(config: RunConfig) -> dict[str, list[str]]:
    """The config as parameters of a URL: the recipe that it started from, and each field that differs from that."""
    base = _base(config.recipe)
    query = {"recipe": [base.recipe]}
    if config.name:
        query["name"] = [config.name]
    return query | {field: as_texts(field, value) for field, value in differences(config, base).items()}


def from_query(query: Query) -> RunConfig:
    """The config that a URL carries; other parameters are left alone. `ConfigError` names every one that is wrong."""
    wanted = (query.get("recipe") or [""])[0]
    base = _base(wanted)
    changes: dict[str, Any] = {field: from_texts(field, query[field]) for field in SECTION_OF if field in query}
    if name := (query.get("name") or [""])[0]:
        changes["name"] = name
    problems = [] if wanted in ("", base.recipe) else [f"there is no recipe {wanted[:80]!r}"]
    try:
        config = with_fields(base, changes)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(f"The address cannot be used: {'; '.join(problems)}.", problems)
    return config


def carries_config(query: Query) -> bool:
    """Whether a URL says anything about the config."""
    return any(name in query for name in ("recipe", "name", *SECTION_OF))


def _base(recipe: str) -> RunConfig:
    """What a config of that recipe is compared with: the lecture where no recipe has that name."""
    known = {name.casefold(): each for name, each in RECIPES.items()}
    return known.get(recipe.strip().casefold(), LECTURE).config


def as_texts(field: str, value: Any) -> list[str]:
    """Return a value of a field as a URL carries it: by its name where it has one."""
    value = by_name(field, value)
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return list(value) or [""]
    if isinstance(value, str):
        return [value]
    return [json.dumps(value)]


def from_texts(field: str, texts: Sequence[str]) -> Any:
    """Return what a config can read from what a URL says of a field."""
    if isinstance(default_of(field), tuple) and not texts[0].startswith("[") and field != "layers":
        return tuple(text for text in texts if text)
    if texts[-1][:1] in ("[", "{"):
        try:
            return json.loads(texts[-1])
        except ValueError:
            pass  # the field itself says what it wants instead
    return texts[-1]
