"""How much what a network read looks like a digit: a logistic regression over what the network makes of a picture.

Softmax spreads 100 % over ten digits whatever it is shown, so its largest probability says little about that. More
telling are how near the nearest training image is, in the last hidden layer (Y. Sun et al., "Out-of-Distribution
Detection with Deep Nearest Neighbors", ICML 2022) and in pixels, which hidden units fire together at all, and what the
convolutions found where: a φ that ends as a sure 9 in the last layer is still a φ in the feature maps. A logistic
regression weighs these, fitted on training digits against the marks of `not_digits` and the letters of `letters`, all
varied as in training. `tests/benchmarks/refusal.py` compares it with each of its parts and with other scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from digits_core.data.digits import CLASSES
from digits_core.recognition.nearest_images import directions
from digits_core.recognition.recogniser import Answer

LARGEST_LOGITS = 3
FREEDOM = 30.0
"""How far the weights may grow, as scikit-learn's C: from 10 to 100 it makes little difference."""


@dataclass(frozen=True)
class References:
    """Training images to compare with, as the network sees them, sorted by label.

    seen: uint8 (n, S, S); hidden: float32 (n, H), the values of the last hidden layer at length 1; labels: int64 (n,).
    """

    seen: np.ndarray
    hidden: np.ndarray
    labels: np.ndarray
    _pixels: np.ndarray = field(init=False, repr=False, compare=False)
    _starts: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pixels", _pixel_directions(self.seen))
        object.__setattr__(self, "_starts", np.searchsorted(self.labels, np.arange(CLASSES + 1)))

    def likeness(self, answers: Sequence[Answer]) -> np.ndarray:
        """Return the cosine to the nearest of them, float64 (n, 2).

        In the last hidden layer among all, in pixels among those of its digit.
        """
        in_hidden = directions(np.stack([answer.hidden for answer in answers])) @ self.hidden.T  # (n, references)
        pixels = _pixel_directions(np.stack([answer.seen for answer in answers]))
        in_pixels = np.zeros(len(answers))
        digits = np.array([answer.digit for answer in answers])
        for digit in np.unique(digits):
            own = self._pixels[self._starts[digit] : self._starts[digit + 1]]
            if len(own):
                in_pixels[digits == digit] = (pixels[digits == digit] @ own.T).max(axis=1)
        return np.stack([in_hidden.max(axis=1), in_pixels], axis=1)


@dataclass(frozen=True)
class DigitScore:
    """A fitted score. weights: float64 (F,), for `features`; intercept: so that 0 is as likely a mark as a digit."""

    references: References
    weights: np.ndarray
    intercept: float

    def of(self, answers: Sequence[Answer]) -> np.ndarray:
        """Return the log-odds of being a digit, float64 (n,): higher is more like one."""
        return features(answers, self.references) @ self.weights + self.intercept


def fit(references: References, digits: Sequence[Answer], marks: Sequence[Answer]) -> DigitScore:
    """Fit the score on answers to digits, none of which may be among the references, and to other marks."""
    from sklearn.linear_model import LogisticRegression  # a second to import, and only fitting needs it

    groups = [
        np.concatenate(pair) for pair in zip(_groups(digits, references), _groups(marks, references), strict=True)
    ]
    values = np.concatenate(groups, axis=1)
    middle = values.mean(axis=0)
    # All values of a group together weigh as much as those of any other: the many maps do not drown the few logits.
    size = np.concatenate([np.full(group.shape[1], group.shape[1]) for group in groups])
    spread = np.maximum(values.std(axis=0), 1e-6) * np.sqrt(size)
    is_digit = np.repeat([1, 0], [len(digits), len(marks)])
    model = LogisticRegression(C=FREEDOM, class_weight="balanced", max_iter=2000)
    model.fit((values - middle) / spread, is_digit)
    weights = model.coef_[0] / spread
    return DigitScore(references, weights, float(model.intercept_[0] - middle @ weights))


def features(answers: Sequence[Answer], references: References) -> np.ndarray:
    """Return the values that the score is a weighted sum of, float64 (n, F)."""
    return np.concatenate(_groups(answers, references), axis=1)


def feature_count(answer: Answer) -> int:
    """Return the number of `features` for a network that gave this answer."""
    return len(answer.hidden) + 1 + LARGEST_LOGITS + 2 + len(answer.first) + 1 + len(answer.maps)


def _groups(answers: Sequence[Answer], references: References) -> list[np.ndarray]:
    """Return the features in groups by what they measure, each float64 (n, its size).

    The directions of the two hidden layers and of the feature maps, the first two with the logarithm of their length;
    the three largest logits in descending order; the two likenesses to the references.
    """
    hidden, first, maps = (
        np.stack([getattr(answer, layer) for answer in answers]).astype(np.float64)
        for layer in ("hidden", "first", "maps")
    )
    logits = np.sort(np.stack([answer.logits for answer in answers]), axis=1)[:, : -LARGEST_LOGITS - 1 : -1]
    likeness = references.likeness(answers)
    return [_with_length(hidden), logits, likeness, _with_length(first), directions(maps)]


def _with_length(values: np.ndarray) -> np.ndarray:
    """Normalize rows to length 1; return them, and the logarithm of the length that they had."""
    length = np.log1p(np.linalg.norm(values, axis=1, keepdims=True))
    return np.concatenate([directions(values), length], axis=1)


def _pixel_directions(seen: np.ndarray) -> np.ndarray:
    """Return images uint8 (n, S, S) as rows of length 1, blurred by a pixel so that a slightly moved stroke fits."""
    blurred = ndimage.uniform_filter(seen.astype(np.float32), (0, 3, 3), mode="constant")
    return directions(blurred.reshape(len(seen), -1))
