"""A trained run that recognises: ink in, what the network sees and ten probabilities out.

The ink goes through the run's own test transform, the one that it was trained with, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as nnf

from digits_core.config import RunConfig
from digits_core.errors import RunError
from digits_core.network.improved_net import ImprovedNet
from digits_core.recognition.prepare import cut_out, to_ink
from digits_core.recognition.segment import Box, find_digits, ink_in
from digits_core.runs.artifacts import Weights
from digits_core.training.loop import predict
from digits_core.transforms import batched


@dataclass(frozen=True)
class Answer:
    """One digit as a network read it: what it saw, uint8 (S, S), and the softmax of its logits, float32 (10,)."""

    seen: np.ndarray
    probabilities: np.ndarray

    @property
    def digit(self) -> int:
        return int(self.probabilities.argmax())

    @property
    def probability(self) -> float:
        return float(self.probabilities.max())


@dataclass(frozen=True)
class FoundDigit:
    """A digit in a picture: its box, in pixels of that picture, and the answer."""

    box: Box
    answer: Answer


class Recogniser:
    """The network of one run, loaded once; safe to share between threads, because it is never changed."""

    def __init__(self, config: RunConfig, weights: Weights) -> None:
        self._transform = config.transform
        self._network = ImprovedNet(config.transform.size, config.training.dropout)
        try:
            self._network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
        except RuntimeError as error:
            raise RunError("The weights of this run do not fit its network. Train it again.") from error
        self._network.eval()

    def read(self, ink: np.ndarray) -> Answer:
        """Recognise one digit in ink as it lies, uint8 (H, W), bright on 0; the transform sees to place and size."""
        return self.read_all([ink])[0]

    def read_all(self, inks: list[np.ndarray]) -> list[Answer]:
        """The same for several pieces of ink, of any sizes, in one pass through the network."""
        if not inks:
            return []
        pixels = torch.cat([batched.prepare(ink[None], self._transform) for ink in inks])  # (n, 1, S, S)
        logits = predict(self._network, batched.normalise(pixels, self._transform))
        probabilities = nnf.softmax(logits, dim=1).numpy()
        return [Answer(seen[0].numpy(), row) for seen, row in zip(pixels, probabilities, strict=True)]

    def read_picture(self, picture: Image.Image, name: str = "the picture") -> list[FoundDigit]:
        """Every digit that is found in a picture, in reading order; `PictureError` where there is no ink."""
        ink = to_ink(picture, name)
        boxes = find_digits(ink)
        answers = self.read_all([cut_out(own) for own in ink_in(ink, boxes)])
        scale = picture.width / ink.shape[1]
        return [FoundDigit(_scaled(box, scale), answer) for box, answer in zip(boxes, answers, strict=True)]


def _scaled(box: Box, scale: float) -> Box:
    """The box in pixels of a picture that is `scale` times as large."""
    return Box(round(box.left * scale), round(box.top * scale), round(box.width * scale), round(box.height * scale))
