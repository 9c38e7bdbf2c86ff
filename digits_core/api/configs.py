"""Configs as people write them in a notebook: whole, by a recipe's name, or setting by setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from digits_core.api.lab import open_lab
from digits_core.config import NetworkConfig, RunConfig, TransformConfig
from digits_core.errors import ConfigError
from digits_core.saved_configs import network_named, saved_networks
from digits_core.training.config_fields import laid_over
from digits_core.training.recipes import LECTURE, find


def run_config(config: RunConfig | str | None, recipe: str | None, settings: Mapping[str, Any]) -> RunConfig:
    """Return the config that somebody asks for.

    Args:
        config: A whole config, or the name of a recipe.
        recipe: The name of a recipe, if `config` is not given; the lecture's if neither is.
        settings: Fields of a config by their names, `name`, or whole sections. `dataset` is trained and tested on,
            `network` is a network by its name or a `NetworkConfig`.

    Raises:
        ConfigError: for what is not a setting, is out of its bounds, or is not a recipe.
    """
    if config is not None and recipe is not None:
        raise ConfigError("Give a config or a recipe, not both: settings can be laid over either.")
    if not isinstance(config, RunConfig | str | None):
        raise ConfigError(f"{config!r:.60} is neither a RunConfig nor the name of a recipe.")
    base = config if isinstance(config, RunConfig) else find(config or recipe or LECTURE.name).config
    fields = dict(settings)
    network, datasets = fields.pop("network", None), fields.pop("dataset", ())
    for side in ("train", "test"):
        if isinstance(fields.get(side), str):
            fields[side] = (fields[side],)
    return laid_over(base, fields, (datasets,) if isinstance(datasets, str) else tuple(datasets), _network(network))


def transform_config(
    config: RunConfig | TransformConfig | str | None = None, settings: Mapping[str, Any] | None = None
) -> TransformConfig:
    """Return the `TransformConfig` of a config or recipe, with some of its settings changed.

    Raises:
        ConfigError: as `run_config`, and for settings that are not of the transform.
    """
    base = config if isinstance(config, TransformConfig) else run_config(config, None, {}).transform
    return base.replace(**settings) if settings else base


def _network(network: NetworkConfig | str | None) -> NetworkConfig | None:
    return network_named(network, _saved()) if isinstance(network, str) else network


def _saved() -> Iterable[Any]:
    return saved_networks(open_lab().database).all()
