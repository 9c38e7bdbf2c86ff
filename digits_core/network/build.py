"""The network of a run: fresh, as its seed begins it, or with the weights that training left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from digits_core.config import NetworkConfig, RunConfig
from digits_core.entries.initialisations import INITIALISATIONS
from digits_core.errors import RunError
from digits_core.network.layered_network import Network
from digits_core.network.traced_network import TracedNetwork
from digits_core.network.traced_program import TracedProgram


def build_network(config: RunConfig) -> Network:
    """Return a fresh network whose starting weights follow from the seed; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        network = _bare(config)
        begin(network, config.network)
        return network


AnyNetwork = Network | TracedNetwork
"""The network of a run: built from the layers of its config, or traced from code written elsewhere."""


def restore_any(config: RunConfig, kept: Mapping[str, np.ndarray] | TracedProgram) -> AnyNetwork:
    """Return the network of a run from what it has kept, its weights or a traced program.

    Raises:
        RunError: The weights are those of another network.
        NetworkError: The program is not one that may be run.
    """
    return TracedNetwork(kept) if isinstance(kept, TracedProgram) else restore_network(config, kept)


def restore_network(config: RunConfig, weights: Mapping[str, np.ndarray]) -> Network:
    """Return a network with the weights that a run has kept; `RunError` if they are those of another one."""
    network = _bare(config)
    try:
        network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    except RuntimeError as error:
        raise RunError("The weights of this run do not fit its network. Train it again.") from error
    return network


def begin(network: Network, config: NetworkConfig) -> None:
    """Set the starting weights by the rule of a config; PyTorch's own have been drawn when the layers were made."""
    rule = INITIALISATIONS[config.initialisation].begin
    with torch.no_grad():
        for layer in network.layers:
            # Batch norm begins at scale 1 and shift 0, whatever the rule: its weights are no matrix.
            if (weights := getattr(network, layer.name).state_dict().get("weight")) is None or weights.ndim < 2:
                continue
            if rule is not None:
                rule(weights)
                network.get_parameter(f"{layer.name}.bias").zero_()
            if config.initial_scale != 1:
                weights.mul_(config.initial_scale)


def _bare(config: RunConfig) -> Network:
    return Network(config.network.layers, config.transform.size, config.training.dropout)
