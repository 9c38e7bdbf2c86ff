"""A transform in the URL: the fields that differ from the lecture's, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from digits_core.config import TransformConfig


def to_query(config: TransformConfig) -> dict[str, str]:
    """Return a transform as a query, such as `{"rotation": "12", "centre": "true"}`; empty for the lecture's."""
    lecture = TransformConfig()
    return {name: _as_text(value) for name, value in dict(config).items() if value != getattr(lecture, name)}


def as_link(config: TransformConfig) -> dict[str, str]:
    """Return the query for a link to another page: never empty, which would not ask for a transform at all."""
    return to_query(config) or {"size": _as_text(config.size)}


def from_query(query: Mapping[str, str]) -> TransformConfig:
    """Parse the transform in a query and ignore the rest; raises `ConfigError` naming every invalid value."""
    return TransformConfig(**of_transform(query))


def of_transform(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query that are fields of a transform."""
    return {name: query[name] for name in TransformConfig.model_fields if name in query}


def _as_text(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value).removesuffix(".0")
