"""Access to the fields of a config by name, and a config as a URL: its recipe and the fields that differ from it.

Field names are unique across data, transform and training, so that `epochs` needs no section name:
`?recipe=Lecture&epochs=8`.
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
"""The parameters of a URL; each may occur more than once."""


def value_of(config: RunConfig, field: str) -> Any:
    return getattr(getattr(config, SECTION_OF[field]), field)


def with_fields(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return a copy with fields or whole sections (`transform`) changed; raise `ConfigError` listing all problems."""
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
    """Return a copy with these fields changed, and with `datasets` to train and test on and `network` if given."""
    if network is not None:
        base = base.replace(network=network)
    config = with_fields(base, changes)
    return config.replace(data=config.data.replace(train=datasets, test=datasets)) if datasets else config


def differences(config: RunConfig, base: RunConfig) -> dict[str, Any]:
    """Return the fields of `config` that differ from those of `base`, by name."""
    return {field: value for field in SECTION_OF if (value := value_of(config, field)) != value_of(base, field)}


def to_query(config: RunConfig) -> dict[str, list[str]]:
    """Return the config as URL parameters: the recipe that it started from and each field that differs from it."""
    base = _base(config.recipe)
    query = {"recipe": [base.recipe]}
    if config.name:
        query["name"] = [config.name]
    return query | {field: as_texts(field, value) for field, value in differences(config, base).items()}


def from_query(query: Query) -> RunConfig:
    """Return the config that a URL describes, ignoring other parameters.

    Raises:
        ConfigError: Parameters are invalid; the message names each of them.
    """
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
    """Return True if a URL describes a config."""
    return any(name in query for name in ("recipe", "name", *SECTION_OF))


def _base(recipe: str) -> RunConfig:
    """Return the config that a config of that recipe is compared with: the lecture's if no recipe has that name."""
    known = {name.casefold(): each for name, each in RECIPES.items()}
    return known.get(recipe.strip().casefold(), LECTURE).config


def as_texts(field: str, value: Any) -> list[str]:
    """Return the value of a field as written in a URL, by its name if it has one."""
    value = by_name(field, value)
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return list(value) or [""]
    if isinstance(value, str):
        return [value]
    return [json.dumps(value)]


def from_texts(field: str, texts: Sequence[str]) -> Any:
    """Convert the URL parameters of a field to a value that a config can parse."""
    if isinstance(default_of(field), tuple) and not texts[0].startswith("[") and field != "layers":
        return tuple(text for text in texts if text)
    if texts[-1][:1] in ("[", "{"):
        try:
            return json.loads(texts[-1])
        except ValueError:
            pass  # the field's own validation says what is expected
    return texts[-1]
