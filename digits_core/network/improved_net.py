"""ImprovedNet, the lecture's network: two convolutions, a pooling, three fully connected layers; 816,650 parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from digits_core.data.digits import CLASSES
from digits_core.errors import RunError
from digits_core.network.kinds import Convolution, FullyConnected, MaxPooling
from digits_core.network.layered_network import Network
from digits_core.network.layers import LayerSpec

LAYERS = (
    LayerSpec("conv1", Convolution(16), "relu"),  # (B, 16, 28, 28)
    LayerSpec("conv2", Convolution(32), "relu"),  # (B, 32, 28, 28)
    LayerSpec("pool", MaxPooling()),  # (B, 32, 14, 14)
    LayerSpec("fc1", FullyConnected(128), "relu", dropout=True),  # reads (B, 6272)
    LayerSpec("fc2", FullyConnected(64), "relu", dropout=True),
    LayerSpec("fc3", FullyConnected(CLASSES)),  # the logits
)


class ImprovedNet(Network):
    """The lecture's network. It has size 28 and dropout 0.3 there."""

    def __init__(self, size: int = 28, dropout: float = 0.3) -> None:
        super().__init__(LAYERS, size, dropout)


def build_network(size: int, dropout: float, seed: int) -> ImprovedNet:
    """Return a fresh network whose starting weights follow from `seed`; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ImprovedNet(size, dropout)


def restore_network(size: int, dropout: float, weights: Mapping[str, np.ndarray]) -> ImprovedNet:
    """Return a network with the weights that a run has kept; `RunError` if they are those of another one."""
    network = ImprovedNet(size, dropout)
    try:
        network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    except RuntimeError as error:
        raise RunError("The weights of this run do not fit its network. Train it again.") from error
    return network
