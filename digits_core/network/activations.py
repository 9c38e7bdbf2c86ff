"""What each layer makes of images, and which units stay silent."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from digits_core.network.build import AnyNetwork
from digits_core.network.layered_network import Activation

BATCH = 128
"""Images that pass at once where all activations are kept: 300 MB at the largest size."""


def activations(network: AnyNetwork, images: Tensor) -> dict[str, Activation]:
    """Return `features` without gradients, for normalised images (B, 1, S, S). The network must be in eval mode."""
    with torch.inference_mode():
        return network.features(images)


def dead_units(network: AnyNetwork, images: Tensor) -> dict[str, np.ndarray]:
    """Return the units that ReLU leaves at 0 for every image (N, 1, S, S), bool (units,), by layer.

    A unit of a convolution is a whole feature map: dead when it is 0 at every place of every image. A layer whose
    function cannot silence a unit has no entry.
    """
    layers = [layer for layer in network.layers if layer.function and layer.function.silences]
    dead: dict[str, Tensor] = {}
    for batch in images.split(BATCH):
        found = activations(network, batch)
        for layer in layers:
            values = found[layer.name].after
            silent = values.amax(dim=[0, *range(2, values.ndim)]) <= 0  # (units,)
            dead[layer.name] = dead[layer.name] & silent if layer.name in dead else silent
        if not any(silent.any() for silent in dead.values()):
            break  # every unit has spoken: the other images cannot change that
    return {name: silent.numpy() for name, silent in dead.items()}
