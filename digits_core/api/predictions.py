"""What a run says of a picture: its digits, how sure it is, and what its network saw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from digits_core.config import TransformConfig, bounds
from digits_core.data.picture import as_picture, file_content, read_picture
from digits_core.errors import PictureError
from digits_core.markup import Html, bar, bold, heading, joined, picture, table
from digits_core.transforms.steps import INK_LEVEL

if TYPE_CHECKING:
    from digits_core.recognition.digit_detection import Way
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Answer, Recogniser

SEEN_SIDE = 112
LARGEST_SAMPLE = int(bounds(TransformConfig, "size").high)
"""An array with a longer side is a picture of paper, and never a sample of a dataset."""


class Prediction(Sequence["Prediction"]):
    """The digits that a run read in a picture, in reading order; made by `StoredRun.predict`, mostly a single one.

    A sequence: `len` says how many were found, and an index gives a prediction of that one alone.

    Attributes:
        text: All digits, as one reads them: `"42"`.

    Example:
        >>> import digits_core as dl
        >>> image, label = dl.load("mnist-5k").test[0]
        >>> answer = dl.run("best").predict(image)
        >>> len(answer), answer.text == str(label), answer.seen.shape
        (1, True, (28, 28))
    """

    def __init__(self, run_title: str, answers: Sequence[Answer], refusal: Any) -> None:
        self._run_title = run_title
        self._answers = tuple(answers)
        self._refusal = refusal
        self.text = "".join(str(answer.digit) for answer in self._answers)

    @property
    def digit(self) -> int:
        """The digit, 0 to 9; `PictureError` if several were found."""
        return self._single.digit

    @property
    def probabilities(self) -> np.ndarray:
        """The probability of each digit, float32 (10,), in all 1; `PictureError` if several were found."""
        return self._single.probabilities

    @property
    def probability(self) -> float:
        """How sure the network is, 0.1 to 1; `PictureError` if several were found."""
        return self._single.probability

    @property
    def seen(self) -> np.ndarray:
        """What the network saw, uint8 (size, size), ink bright on 0; `PictureError` if several were found."""
        return self._single.seen

    @cached_property
    def is_digit(self) -> bool | None:
        """Whether all that was found looks like digits of those that the run knows; `None` if the run cannot tell.

        The threshold is worked out when a run is first asked, which takes some seconds, and kept with it.
        """
        refusal: Refusal | None = self._refusal()
        return None if refusal is None else all(refusal.accepts(answer) for answer in self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def __getitem__(self, index: Any) -> Prediction:
        chosen = self._answers[index] if isinstance(index, slice) else (self._answers[index],)
        return Prediction(self._run_title, chosen, self._refusal)

    def __repr__(self) -> str:
        sure = ", ".join(f"{answer.probability:.1%}" for answer in self._answers)
        return f"<{self._run_title} reads {self.text} ({sure})>"

    def _repr_html_(self) -> Html:
        head = heading(f"{self._run_title} reads {self.text}")
        if len(self) == 1:
            return joined([head, table([[picture(self.seen, "what the network saw", SEEN_SIDE), _bars(self._single)]])])
        seen = [picture(each.seen, "what the network saw", SEEN_SIDE // 2) for each in self._answers]
        sure = [f"{each.digit}: {each.probability:.1%}" for each in self._answers]
        return joined([head, *(table([[image], [words]]) for image, words in zip(seen, sure, strict=True))])

    @property
    def _single(self) -> Answer:
        if len(self._answers) != 1:
            raise PictureError(
                f"{len(self._answers)} digits were found, {self.text}: `text` has all of them, an index gives one."
            )
        return self._answers[0]


def read(recogniser: Recogniser, image: Any, way: Way) -> list[Answer]:
    """Return what a run says of an image as `StoredRun.predict` takes it; `PictureError` if it cannot be read."""
    if isinstance(image, str | Path):
        found = recogniser.read_picture(read_picture(file_content(str(image)), str(image)), str(image), way)
        return [each.answer for each in found]
    if not isinstance(image, Image.Image):
        image = _as_array(image)
        if _is_sample(image):
            return [recogniser.read(image)]
    return [each.answer for each in recogniser.read_picture(as_picture(image, "the picture"), way=way)]


def _as_array(image: Any) -> np.ndarray:
    try:
        values = np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:
        raise PictureError(f"The picture cannot be read as an array: {error}") from None
    if values.dtype.kind not in "biuf":
        raise PictureError(
            f"A {type(image).__name__} is not a picture: give a PIL image, a path, or an array (H, W) or (H, W, 3)."
        )
    return values[0] if values.ndim == 3 and values.shape[0] == 1 else values


def _is_sample(image: np.ndarray) -> bool:
    """Return True for an image as datasets hold it: small, uint8 (H, W), its border dark."""
    if image.dtype != np.uint8 or image.ndim != 2 or not 0 < max(image.shape) <= LARGEST_SAMPLE:
        return False
    return bool(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])) < INK_LEVEL)


def _bars(answer: Answer) -> Html:
    rows = [
        [bold(str(digit)) if digit == answer.digit else digit, bar(float(share), digit == answer.digit), f"{share:.1%}"]
        for digit, share in enumerate(answer.probabilities)
    ]
    return table(rows)
