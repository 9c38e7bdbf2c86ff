"""The network of a run, asked about many images at once. Needs torch, as nothing else here that pages import first."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from digits_core.config import RunConfig
from digits_core.network.build import restore_any
from digits_core.network.traced_program import TracedProgram
from digits_core.runs.artifacts import Weights
from digits_core.training.testing import predict
from digits_core.transforms import batched

CHUNK = 2000
"""Images that are normalised at once: bounds the memory of a set of any size."""


class TrainedNetwork:
    """The weights of one run behind its own test transform; never changed, so that threads may share it."""

    def __init__(self, config: RunConfig, kept: Weights | TracedProgram) -> None:
        self.transform = config.transform
        network = restore_any(config, kept)
        # As in training: two and a half times as fast on a CPU, and the numbers are those of its own test.
        self._network = network.to(memory_format=torch.channels_last)

    @property
    def parameters(self) -> int:
        """How many weights and biases training changes."""
        return sum(values.numel() for values in self._network.parameters())

    def prepare(self, images: np.ndarray) -> Tensor:
        """The fixed steps of the transform; uint8 (N, H, W) → uint8 (N, 1, S, S)."""
        return batched.prepare(images, self.transform)

    def logits(self, pixels: Tensor) -> np.ndarray:
        """What it says of prepared images, uint8 or float (N, 1, S, S), 0 to 255: float32 (N, 10)."""
        parts = [predict(self._network, batched.normalise(part, self.transform)) for part in pixels.split(CHUNK)]
        return torch.cat(parts).numpy()
