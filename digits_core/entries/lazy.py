"""The heavy libraries of entries, each imported when something of it is first used: configs must not wait for torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from PIL import Image, ImageFilter
    from torch import nn
    from torch.nn import functional as nnf
    from torchvision.transforms import v2
else:

    class _Lazy:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(importlib.import_module(self._name), attribute)

    torch, nn, nnf = _Lazy("torch"), _Lazy("torch.nn"), _Lazy("torch.nn.functional")
    v2 = _Lazy("torchvision.transforms.v2")
    Image, ImageFilter = _Lazy("PIL.Image"), _Lazy("PIL.ImageFilter")

__all__ = ["Image", "ImageFilter", "nn", "nnf", "torch", "v2"]
