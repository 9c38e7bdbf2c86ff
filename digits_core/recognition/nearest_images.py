"""The training images that are most like a digit to the network: the nearest ones in its last hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digits_core.data.digits import Digits
from digits_core.recognition.recogniser import Recogniser


@dataclass(frozen=True)
class HiddenNeighbour:
    """A training image: its index in its dataset, its label, its pixels, uint8 (H, W), and its distance, 0 to 1."""

    dataset: str
    index: int
    label: int
    image: np.ndarray
    distance: float


class HiddenNeighbours:
    """What the last hidden layer makes of every training image of a run, worked out once; threads may share it.

    The distance is 1 less the cosine between its values for two images: 0 if the same units fire in the same
    proportions, 1 if they share none (ReLU leaves no negative values). The cosine and not Euclid's distance, because
    the length of these values says how sure the network is, and not of which digit.
    """

    def __init__(self, recogniser: Recogniser, train: Sequence[Digits]) -> None:
        self._recogniser = recogniser
        self._train = list(train)
        self._places = [(which, index) for which, digits in enumerate(train) for index in digits.indices("train")]
        values = [values for digits in train for _, values in recogniser.hidden(digits.of("train")[0])]
        self._directions = directions(np.concatenate(values))  # (N, H)

    def nearest(self, seen: np.ndarray, count: int = 3) -> list[HiddenNeighbour]:
        """Return the `count` training images nearest to what the network saw, uint8 (S, S), the nearest first."""
        hidden = self._recogniser.read_seen(seen[None])[0].hidden
        distances = 1 - self._directions @ directions(hidden[None])[0]
        nearest = np.argsort(distances, kind="stable")[:count]
        return [self._neighbour(int(place), float(distances[place])) for place in nearest]

    def _neighbour(self, place: int, distance: float) -> HiddenNeighbour:
        which, index = self._places[place]
        digits = self._train[which]
        return HiddenNeighbour(
            digits.name, int(index), int(digits.labels[index]), digits.images[index], min(max(distance, 0.0), 1.0)
        )


def directions(values: np.ndarray) -> np.ndarray:
    """Scale rows (n, d) to length 1; rows of zeros stay."""
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
