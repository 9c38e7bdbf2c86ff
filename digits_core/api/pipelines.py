"""The preprocessing of a config as two torchvision transforms: one for training, one for testing."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from digits_core.api.configs import transform_config
from digits_core.config import RunConfig, TransformConfig
from digits_core.data.builtin import read_optdigits
from digits_core.markup import Html, bold, heading, joined, picture, table
from digits_core.transforms.code import as_code
from digits_core.transforms.pipeline import build_pipeline
from digits_core.transforms.preview import TracedStep, trace
from digits_core.transforms.steps import summary

SAMPLE = 3
"""Which digit of optdigits shows what each step does."""
EXAMPLE_SEED = 0


class Transforms:
    """Two transforms of one config: PIL image in, normalised float32 tensor (1, size, size) out; made by `transforms`.

    Calling the object itself applies the transform of the test.

    Attributes:
        config: The `TransformConfig` that they are made from.
        train: The way to the network in training, with the random steps.
        test: The way in the test, and of any image that a run reads.

    Example:
        >>> import digits_core as dl
        >>> dl.transforms(size=20, centre=True).config.size
        20
    """

    def __init__(self, config: TransformConfig) -> None:
        self.config = config
        self.train: v2.Compose = build_pipeline(config, training=True)
        self.test: v2.Compose = build_pipeline(config, training=False)

    def __call__(self, image: Image.Image) -> Tensor:
        """Return a PIL image as the network reads it in the test.

        Args:
            image: A PIL image of any size, ink bright on black.

        Returns:
            float32 (1, size, size), normalised.

        Example:
            >>> from PIL import Image
            >>> import digits_core as dl
            >>> pixels = dl.transforms()(Image.new("L", (8, 8)))
            >>> pixels.shape, pixels.min().item()
            (torch.Size([1, 28, 28]), -1.0)
        """
        return self.test(image)

    def code(self) -> str:
        """Return both as a script that runs without this library.

        Returns:
            Python that defines `train_transform` and `test_transform`.

        Example:
            >>> import digits_core as dl
            >>> "v2.Normalize([0.5], [0.5])" in dl.transforms().code()
            True
        """
        return as_code(self.config)

    def trace(self, image: np.ndarray, training: bool = False) -> list[TracedStep]:
        """Return what each step makes of an image.

        Args:
            image: uint8 (H, W), as a dataset holds it.
            training: Take the random steps, too; always with the same draws.

        Returns:
            The steps in order, the image itself first; of each its `name`, its `why` and its `value`.

        Example:
            >>> import digits_core as dl
            >>> steps = dl.transforms().trace(dl.load("optdigits").images[0])
            >>> [step.name for step in steps][-2:]
            ['To tensor', 'Normalise']
        """
        return trace(image, self.config, training, EXAMPLE_SEED)

    def __repr__(self) -> str:
        return f"<Transforms: {summary(self.config)}>"

    def _repr_html_(self) -> Html:
        digits = read_optdigits()
        steps = self.trace(digits.images[np.flatnonzero(digits.labels == SAMPLE)[0]], training=True)
        rows = [
            [_picture(step), bold(step.name), step.why, "in training" if step.random else "", *facts]
            for step in steps
            for facts in [step.facts[1:]]
        ]
        head = ["", "step", "why", "", "shape", "type", "values"]
        return joined([heading("Transforms", summary(self.config)), table(rows, head)])


def transforms(config: RunConfig | TransformConfig | str | None = None, **settings: Any) -> Transforms:
    """Build the two ways of an image to the network, for `CustomTensorDataset`.

    Args:
        config: A `TransformConfig`, what has one – a `RunConfig` or a recipe's name –, or nothing for the lecture's.
        settings: Fields of a `TransformConfig` to change: `size=20`, `centre=True`, `rotation=10`.

    Returns:
        An object with `train` and `test`; each takes a PIL image and returns a float32 tensor (1, size, size).

    Raises:
        ConfigError: for what is not a setting of the transform, or is out of its bounds.

    Example:
        >>> import digits_core as dl
        >>> ways = dl.transforms(rotation=10)
        >>> samples = dl.CustomTensorDataset(dl.load("optdigits").train, ways.train)
        >>> image, label = samples[0]
        >>> image.shape
        torch.Size([1, 28, 28])
    """
    return Transforms(transform_config(config, settings))


def _picture(step: TracedStep) -> Html:
    low, high = step.value_range
    pixels = np.clip((step.pixels.astype(np.float64) - low) / ((high - low) or 1) * 255, 0, 255)
    return picture(pixels.astype(np.uint8), step.name, 48)
