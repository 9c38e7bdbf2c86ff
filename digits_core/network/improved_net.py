"""ImprovedNet, the lecture's network: two convolutions, a pooling, three fully connected layers; 816,650 parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from digits_core.data.digits import CLASSES
from digits_core.errors import RunError


class ImprovedNet(nn.Module):
    """Images float32 (B, 1, S, S), normalised → logits float32 (B, 10). The lecture has S = 28 and dropout 0.3."""

    def __init__(self, size: int = 28, dropout: float = 0.3) -> None:
        super().__init__()
        self.size = size
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, stride=1, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=1, padding=1)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.fc1 = nn.Linear(self._get_flattened_size(), 128)
        self.fc2 = nn.Linear(128, 64)
        self.fc3 = nn.Linear(64, CLASSES)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:  # (B, 1, 28, 28)
        x = self._convolve(x).flatten(1)  # (B, 6272)
        x = self.dropout(nnf.relu(self.fc1(x)))  # (B, 128)
        x = self.dropout(nnf.relu(self.fc2(x)))  # (B, 64)
        return self.fc3(x)  # (B, 10)

    def _convolve(self, x: Tensor) -> Tensor:
        x = nnf.relu(self.conv1(x))  # (B, 16, 28, 28)
        # ReLU never changes which of four values is the largest: pooling first gives the same at a quarter of the work.
        return nnf.relu(self.pool(self.conv2(x)))  # (B, 32, 14, 14)

    def _get_flattened_size(self) -> int:
        """How many numbers one image becomes before the first fully connected layer: 32 · 14 · 14 = 6272 at size 28."""
        with torch.no_grad():
            return self._convolve(torch.zeros(1, 1, self.size, self.size)).numel()


def build_network(size: int, dropout: float, seed: int) -> ImprovedNet:
    """A fresh network whose starting weights follow from `seed`; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ImprovedNet(size, dropout)


def restore_network(size: int, dropout: float, weights: Mapping[str, np.ndarray]) -> ImprovedNet:
    """A network with the weights that a run has kept; `RunError` where they are those of another one."""
    network = ImprovedNet(size, dropout)
    try:
        network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    except RuntimeError as error:
        raise RunError("The weights of this run do not fit its network. Train it again.") from error
    return network
