"""A run's network, for inference on many images at once. Needs torch, so pages import it only when they use it."""

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
"""Images that are normalised at once: bounds the memory for a dataset of any size."""


class TrainedNetwork:
    """The weights of one run with its own test transform; never changed, so threads may share it."""

    def __init__(self, config: RunConfig, kept: Weights | TracedProgram) -> None:
        self.transform = config.transform
        network = restore_any(config, kept)
        # As in training: two and a half times as fast on a CPU, with the same numbers as the run's own test.
        self._network = network.to(memory_format=torch.channels_last)

    @property
    def parameters(self) -> int:
        """The number of weights and biases changed by training."""
        return sum(values.numel() for values in self._network.parameters())

    def prepare(self, images: np.ndarray) -> Tensor:
        """Apply the fixed steps of the transform; uint8 (N, H, W) → uint8 (N, 1, S, S)."""
        return batched.prepare(images, self.transform)

    def logits(self, pixels: Tensor) -> np.ndarray:
        """Return the logits for prepared images, uint8 or float (N, 1, S, S), 0 to 255: float32 (N, 10)."""
        parts = [predict(self._network, batched.normalise(part, self.transform)) for part in pixels.split(CHUNK)]
        return torch.cat(parts).numpy()
