"""List the networks that can be trained; find one by its name or load it from a file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from digits_core.config import NetworkConfig, TransformConfig
from digits_core.home import Home
from digits_core.layers.placed import parameter_count, place_layers
from digits_core.layers.presets import PRESETS
from digits_core.layers.problems import problem_of
from digits_core.saved_configs import Saved, network_named, saved_networks
from digits_core.shell.common import Commands, add_json, open_home


def add_to(commands: Commands) -> None:
    networks = commands.add_parser("networks", help="list the networks that can be trained")
    networks.add_argument("--size", type=int, metavar="N", default=28, help="the image size to count for (default: 28)")
    networks.set_defaults(command=list_networks)
    add_json(networks)


def network_of(text: str) -> NetworkConfig:
    """Return the network named by `--network`; raise `ConfigError` if there is none."""
    return network_named(text, _saved())


def list_networks(options: argparse.Namespace) -> int:
    size = TransformConfig(size=options.size).size
    ready = {name: NetworkConfig(layers=preset.layers) for name, preset in PRESETS.items()}
    titles = {name: preset.title for name, preset in PRESETS.items()}
    for name, network in [*ready.items(), *((saved.name, saved.config) for saved in _saved())]:
        row: dict[str, Any] = {"name": name, "title": titles.get(name, name)}
        problem = problem_of(network.layers, size)
        if problem is None:
            layers = place_layers(network.layers, size, 0.0)
            row |= {
                "parameters": parameter_count(layers),
                "multiply_adds": sum(layer.multiply_adds.number for layer in layers),
            }
        else:
            row |= {"problem": problem.sentence}
        if options.json:
            print(json.dumps(row))
        elif problem is None:
            counts = f"{row['parameters']:>10,} parameters {row['multiply_adds']:>12,} multiply-adds"
            print(f"{name:<14} {counts}  {row['title']}")
        else:
            print(f"{name:<14} {'cannot be built: ' + row['problem']}")
    return 0


def _saved() -> Iterator[Saved[NetworkConfig]]:
    """Yield the saved networks; a home that does not exist yet is not created for it."""
    if Home.from_environment().database.exists():
        _, database = open_home()
        yield from saved_networks(database).all()
        database.close()
