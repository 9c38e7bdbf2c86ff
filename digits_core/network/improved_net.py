"""ImprovedNet, the lecture's network: two convolutions, a pooling, three fully connected layers; 816,650 parameters."""

from __future__ import annotations

from digits_core.layers.presets import IMPROVED_NET
from digits_core.network.layered_network import Network


class ImprovedNet(Network):
    """The lecture's network. It has size 28 and dropout 0.3 there.

    Images float32 (B, 1, size, size), normalised → logits float32 (B, 10). A new one has random weights.

    Args:
        size: The side of the images in pixels; the first fully connected layer grows with its square.
        dropout: The share of activations that training switches off at random, 0 to below 1.

    Example:
        >>> import torch
        >>> network = ImprovedNet()
        >>> network(torch.zeros(16, 1, 28, 28)).shape
        torch.Size([16, 10])
        >>> sum(values.numel() for values in network.parameters())
        816650
    """

    def __init__(self, size: int = 28, dropout: float = 0.3) -> None:
        super().__init__(IMPROVED_NET, size, dropout)
