"""What single units and weights are for: what excites a unit, and what a network still knows without some of it.

Nothing here changes the network that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from digits_core.layers.placed import Layer
from digits_core.network.activations import BATCH
from digits_core.network.layered_network import NONE, Network


def excitement(network: Network, images: Tensor, name: str) -> np.ndarray:
    """Return the largest value of each unit of a layer for each image (N, 1, S, S), float32 (N, units)."""
    with torch.inference_mode():
        parts = [network.features(batch, name)[name].after for batch in images.split(BATCH)]
    return torch.cat([part.flatten(2).amax(2) if part.ndim > 2 else part for part in parts]).numpy()


def answers(network: Network, images: Tensor, off: Mapping[str, Sequence[int]] = NONE) -> np.ndarray:
    """Return the digit that is read in each image (N, 1, S, S) with some units switched off, int64 (N,)."""
    with torch.inference_mode():
        return torch.cat([network.logits_without(batch, off).argmax(1) for batch in images.split(BATCH)]).numpy()


def pruned(network: Network, share: float) -> dict[str, np.ndarray]:
    """Return the weights with the smallest `share` of them, 0 to 1, set to 0; biases and what was counted stay.

    They are compared over all layers (S. Han et al., "Learning both Weights and Connections", 2015).
    """
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    names = _names(network)
    sizes = torch.cat([weights[name].abs().flatten() for name in names])
    kept = torch.ones_like(sizes, dtype=torch.bool)
    kept[sizes.argsort(stable=True)[: round(share * len(sizes))]] = False
    for name, mask in zip(names, kept.split([weights[name].numel() for name in names]), strict=True):
        weights[name] *= mask.view_as(weights[name])
    return {name: values.numpy() for name, values in weights.items()}


def noisy(network: Network, strength: float, seed: int) -> dict[str, np.ndarray]:
    """Return the weights with normal noise added, of `strength` times the standard deviation of each layer's own."""
    generator = torch.Generator().manual_seed(seed)
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    for name in _names(network):
        values = weights[name]
        values += strength * values.std() * torch.randn(values.shape, generator=generator)
    return {name: values.numpy() for name, values in weights.items()}


def silenced(network: Network, off: Mapping[str, Sequence[int]] = NONE) -> dict[str, np.ndarray]:
    """Return weights with which some units have no say: the logits are those of a network with these units off."""
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    for place, layer in enumerate(network.layers):
        if units := off.get(layer.name):
            # What a pooling makes of zeros is 0: the next layer with weights is the one to ignore them.
            reader = next(each for each in network.layers[place + 1 :] if each.kind.weights)
            _ignore(network, reader, units, layer.output_shape[0], weights)
    return {name: values.numpy() for name, values in weights.items()}


def _ignore(network: Network, reader: Layer, off: Sequence[int], units: int, weights: dict[str, Tensor]) -> None:
    """Let a layer read 0 where some of the `units` that come in are off, whatever they say."""
    values, bias = weights[f"{reader.name}.weight"], weights[f"{reader.name}.bias"]
    if reader.kind.collects:
        # Scaled by 0, every value is what a 0 would have become.
        with torch.inference_mode():
            zeros = network.get_submodule(reader.name)(torch.zeros(1, units, 1, 1)).flatten()
        bias[off], values[off] = zeros[off], 0
    else:
        values.view(len(values), units, -1)[:, off] = 0


def _names(network: Network) -> list[str]:
    """Return the names of the weights that inputs are multiplied by: not those that a normalisation scales with."""
    return [f"{layer.name}.weight" for layer in network.layers if layer.kind.weights and not layer.kind.collects]
