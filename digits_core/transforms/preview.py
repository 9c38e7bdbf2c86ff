"""The way of one image made visible: every intermediate result of the very pipeline that training runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torchvision.transforms.v2 import functional as F

from digits_core.config import TransformConfig
from digits_core.transforms.pipeline import steps


@dataclass(frozen=True)
class TracedStep:
    """What one step made of the image: `value` is a tensor or a PIL image, as the next step gets it."""

    name: str
    why: str
    value: Any

    @property
    def pixels(self) -> np.ndarray:
        """The values (H, W), rounded to what a person can read."""
        values = np.asarray(self.value)
        return np.round(values.reshape(values.shape[-2:]), 3)

    @property
    def value_range(self) -> tuple[float, float]:
        """The values to draw as black and as white: those that 8 bits can hold, or those that are there."""
        pixels = self.pixels
        return (0, 255) if pixels.dtype == np.uint8 else (float(pixels.min()), float(pixels.max()))

    @property
    def kind(self) -> str:
        """Type and shape in a line."""
        if isinstance(self.value, torch.Tensor):
            return f"tensor {tuple(self.value.shape)}"
        return f"PIL image {self.value.mode}, {self.value.width}×{self.value.height}"

    @property
    def values(self) -> str:
        """Data type and value range in a line."""
        return f"{np.asarray(self.value).dtype}, {self.pixels.min():g} to {self.pixels.max():g}"


def trace(image: np.ndarray, config: TransformConfig, training: bool, seed: int) -> list[TracedStep]:
    """Each result on the way of one image, uint8 (H, W), the stored tuple's tensor and the PIL image first."""
    tensor = torch.from_numpy(image.copy())
    value: Any = F.to_pil_image(tensor)
    traced = [
        TracedStep("The tuple's image", "What the dataset holds.", tensor),
        TracedStep("To PIL image", "torchvision's image transforms are written for pictures.", value),
    ]
    # Random steps draw from the global generator: it is seeded here and left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for step in steps(config, training):
            value = step.transform(value)
            traced.append(TracedStep(step.name, step.why, value))
    return traced
