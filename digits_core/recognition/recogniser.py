"""A trained run that recognises: ink in, what the network sees and ten probabilities out.

The ink goes through the run's own test transform, the one that it was trained with, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as nnf

from digits_core.config import RunConfig
from digits_core.layers.placed import INPUT
from digits_core.network.build import restore_any
from digits_core.network.traced_program import TracedProgram
from digits_core.runs.artifacts import Weights
from digits_core.training.testing import EVALUATION_BATCH
from digits_core.transforms import batched

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.segment import Box
    from digits_core.recognition.sheet import Sheet


@dataclass(frozen=True)
class Answer:
    """One digit as a network read it.

    seen: what it saw, uint8 (S, S); probabilities: the softmax of its logits, float32 (10,); logits: float32 (10,);
    hidden: what its last hidden layer made of the digit, after its activation function, float32 (H,); first: the same
    of the hidden layer before, float32 (F,); maps: the feature maps that this reads, the mean of each 2×2, (M,).
    """

    seen: np.ndarray
    probabilities: np.ndarray
    logits: np.ndarray
    hidden: np.ndarray
    first: np.ndarray
    maps: np.ndarray

    @property
    def margin(self) -> float:
        """By how much the largest logit is above the second."""
        second, largest = np.partition(self.logits, -2)[-2:]
        return float(largest - second)

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

    def __init__(self, config: RunConfig, kept: Weights | TracedProgram) -> None:
        self.config = config
        self.network = restore_any(config, kept)
        # Without dropout, and without gradients of the weights: callers only need that of the pixels.
        self.network.eval().requires_grad_(False)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change when any weight does."""
        digest = hashlib.sha256()
        for values in self.network.state_dict().values():
            digest.update(values.numpy().tobytes())
        return digest.hexdigest()[:16]

    @property
    def judged_layers(self) -> tuple[str, str, str]:
        """The layers by which digits are told from other marks: `hidden`, `first` and `maps` of an `Answer`.

        What the logits are made of, the hidden layer before that, and the last maps. A network that lacks one of them
        is judged by the next one that it has, as a last resort by the image itself.
        """
        names = [INPUT, *(layer.name for layer in self.network.layers[:-1])]
        maps = [INPUT, *(layer.name for layer in self.network.layers if len(layer.output_shape) > 1)][-1]
        rows = names[names.index(maps) + 1 :] or [maps]
        return rows[-1], rows[-2] if len(rows) > 1 else rows[-1], maps

    def read(self, ink: np.ndarray) -> Answer:
        """Recognise one digit in ink as it lies, uint8 (H, W), bright on 0; the transform sets position and size."""
        return self.read_all([ink])[0]

    def read_all(self, inks: list[np.ndarray]) -> list[Answer]:
        """Recognise several pieces of ink, of any sizes, in one pass through the network."""
        if not inks:
            return []
        return self.read_seen(np.concatenate([self.seen(ink[None]) for ink in inks]))

    def read_alike(self, images: np.ndarray) -> list[Answer]:
        """Recognise many images of one size, uint8 (N, H, W), which the transform takes all at once."""
        return self.read_seen(self.seen(images))

    def seen(self, images: np.ndarray) -> np.ndarray:
        """Return what the network sees of images, uint8 (N, H, W) → (N, S, S): the transform up to 8-bit pixels."""
        return batched.prepare(images, self.config.transform)[:, 0].numpy()

    def read_seen(self, seen: np.ndarray) -> list[Answer]:
        """Recognise images that have been through the transform, uint8 (n, S, S)."""
        answers: list[Answer] = []
        last = self.network.last.name
        hidden, first, maps = self.judged_layers
        for start in range(0, len(seen), EVALUATION_BATCH):
            batch = seen[start : start + EVALUATION_BATCH]
            with torch.inference_mode():
                found = self.network.features(self.normalised(batch), maps, first, hidden, last)
                logits = found[last].before
                coarse = _coarse(found[maps].after)
                rows = (found[name].after if name != maps else coarse for name in (hidden, first))
            made = (nnf.softmax(logits, dim=1), logits, *rows, coarse)
            answers += [Answer(*row) for row in zip(batch, *(each.numpy() for each in made), strict=True)]
        return answers

    def hidden(self, images: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield what the last hidden layer makes of images of one size, uint8 (N, H, W), batch by batch to save memory.

        Yields what the network saw, uint8 (n, S, S), and the values after the activation function, float32 (n, H).
        """
        for start in range(0, len(images), EVALUATION_BATCH):
            seen = self.seen(images[start : start + EVALUATION_BATCH])
            with torch.inference_mode():
                _, hidden = self.layers(self.normalised(seen))
            yield seen, hidden.numpy()

    def normalised(self, seen: np.ndarray) -> Tensor:
        """Normalise images as the network reads them: uint8 (n, S, S) → float32 (n, 1, S, S)."""
        return batched.normalise(torch.from_numpy(seen)[:, None], self.config.transform)

    def layers(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (n, 10) of normalised images (n, 1, S, S), and their last hidden layer, (n, H)."""
        last, (hidden, _, maps) = self.network.last.name, self.judged_layers
        found = self.network.features(images, hidden, last)
        return found[last].before, _coarse(found[hidden].after) if hidden == maps else found[hidden].after

    def read_picture(self, picture: Image.Image, name: str = "the picture", way: Way = "auto") -> list[FoundDigit]:
        """Return every digit that is found in a picture, in reading order; `PictureError` if there is no ink.

        A sheet that lies on its side is read as if it stood upright; the boxes are where its digits are in the picture.
        """
        # Here and not above: what finds digits takes half a second to import, and a drawing has its digit found.
        from digits_core.recognition.digit_detection import find_in

        return self.read_sheet(find_in(picture, name, way))

    def read_sheet(self, found: Sheet) -> list[FoundDigit]:
        """Return every digit of a picture in which they have been found, as `read_picture` does."""
        from digits_core.recognition.sheet import ink_of
        from digits_core.recognition.turning import upright

        sheet = upright(found, self.read_all)
        answers = self.read_all([ink_of(sheet, box) for box in sheet.boxes])
        return [FoundDigit(sheet.in_photo(box), answer) for box, answer in zip(sheet.boxes, answers, strict=True)]


def _coarse(maps: Tensor) -> Tensor:
    """Return the mean of each 2×2 of maps (n, C, H, W) in one row: (n, M). Maps of a single value stay as they are."""
    return (nnf.avg_pool2d(maps, 2) if min(maps.shape[2:]) > 1 else maps).flatten(1)
