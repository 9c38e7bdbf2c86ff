"""A drawing or photo of one digit as the image that is kept as handwriting."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from digits_core.data.handwriting import SIZE
from digits_core.recognition.prepare import to_ink
from digits_core.transforms.centring import centre_by_mass


def to_sample(picture: Image.Image, name: str = "the drawing") -> np.ndarray:
    """Ink found and centred by mass as MNIST's digits are, uint8 (28, 28); `PictureError` where there is no ink."""
    return sample_of(to_ink(picture, name))


def sample_of(ink: np.ndarray) -> np.ndarray:
    """The same for ink that was found already, uint8 (H, W)."""
    return centre_by_mass(torch.from_numpy(ink)[None], SIZE)[0].numpy()
