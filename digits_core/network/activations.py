"""What each layer makes of images, in the lecture's order: convolution, ReLU, pooling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.network.improved_net import ImprovedNet

WITH_RELU = ("conv1", "conv2", "fc1", "fc2")
BATCH = 128
"""Images that pass at once where all activations are kept: 300 MB at the largest size."""


@dataclass(frozen=True)
class Activation:
    """What comes out of a layer for B images, (B, C, H, W) or (B, units): before its function, and after it.

    That function is ReLU for `WITH_RELU`, softmax for the logits of fc3; the input and the pooling have none.
    """

    before: Tensor
    after: Tensor


def activations(network: ImprovedNet, images: Tensor) -> dict[str, Activation]:
    """By layer, from `input` to `fc3`; images normalised, float32 (B, 1, S, S). The network must be in `eval` mode.

    The network pools before it applies ReLU, which gives the same; here each stands where the lecture has it.
    """
    with torch.inference_mode():
        conv1 = _with_relu(network.conv1(images))  # (B, 16, S, S)
        conv2 = _with_relu(network.conv2(conv1.after))  # (B, 32, S, S)
        pool = network.pool(conv2.after)  # (B, 32, S/2, S/2)
        fc1 = _with_relu(network.fc1(pool.flatten(1)))  # (B, 128)
        fc2 = _with_relu(network.fc2(fc1.after))  # (B, 64)
        logits = network.fc3(fc2.after)  # (B, 10)
    return {
        "input": Activation(images, images),
        "conv1": conv1,
        "conv2": conv2,
        "pool": Activation(pool, pool),
        "fc1": fc1,
        "fc2": fc2,
        "fc3": Activation(logits, nnf.softmax(logits, dim=1)),
    }


def dead_units(network: ImprovedNet, images: Tensor) -> dict[str, np.ndarray]:
    """The units that ReLU leaves at 0 for every image (N, 1, S, S); bool (units,) by layer of `WITH_RELU`.

    A unit of a convolution is a whole feature map: dead when it is 0 at every place of every image.
    """
    dead: dict[str, Tensor] = {}
    for batch in images.split(BATCH):
        found = activations(network, batch)
        for name in WITH_RELU:
            silent = found[name].after.amax(dim=[0, *range(2, found[name].after.ndim)]) <= 0  # (units,)
            dead[name] = dead[name] & silent if name in dead else silent
        if not any(silent.any() for silent in dead.values()):
            break  # every unit has spoken: the other images cannot change that
    return {name: silent.numpy() for name, silent in dead.items()}


def _with_relu(values: Tensor) -> Activation:
    return Activation(values, nnf.relu(values))
