"""The network as a text of its own: what a person can paste and run."""

from __future__ import annotations

import inspect

from digits_core.data.digits import CLASSES
from digits_core.network.improved_net import ImprovedNet

_HEAD = f"""import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

CLASSES = {CLASSES}
"""


def as_source(size: int, dropout: float, seed: int = 0) -> str:
    """Python that defines `ImprovedNet`, builds one as `network` and runs it once; it needs torch alone."""
    return f"""{_HEAD}

{inspect.getsource(ImprovedNet)}

torch.manual_seed({seed})
network = ImprovedNet(size={size}, dropout={dropout:g})
print(network)
print(f"{{sum(weights.numel() for weights in network.parameters()):,}} parameters")
print(network(torch.zeros(1, 1, {size}, {size})).shape)
"""
