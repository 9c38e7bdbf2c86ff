"""ImprovedNet, the lecture's network: two convolutions, a pooling, three fully connected layers; 816,650 parameters."""

from __future__ import annotations

from digits_core.layers.presets import IMPROVED_NET
from digits_core.network.layered_network import Network


class ImprovedNet(Network):
    """The lecture's network. It has size 28 and dropout 0.3 there."""

    def __init__(self, size: int = 28, dropout: float = 0.3) -> None:
        super().__init__(IMPROVED_NET, size, dropout)
