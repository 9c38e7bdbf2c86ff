"""The result of recognition: a picture with a prediction for each digit, and its wording. Independent of widgets.

Importing this module does not load torch: recognition is imported when something is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from digits_core.dashboard.packed import PackedArrays

if TYPE_CHECKING:
    from digits_core.dashboard.thresholds import Threshold
    from digits_core.recognition.out_of_distribution import Refusal
    from digits_core.recognition.recogniser import Answer, Recogniser

Kind = Literal["canvas", "upload"]
"""Where a picture came from, as `data.handwriting.Source` calls it."""

PICTURE_SIDE = 400
"""Largest side of a picture stored with its reading, in pixels: as in the handwriting store."""
THUMBNAIL = 96
"""Side of a square thumbnail, in pixels."""
UNLIKE = "unlike what this network learnt"
"""Wording for a refused answer: no training image is close enough to it."""
SURE = ((0.99, "Almost certainly"), (0.9, "Very likely"), (0.6, "Probably"), (0.0, "Unsure, perhaps"))
"""The lowest probability for each wording, which begins a sentence."""


@dataclass(frozen=True)
class Ink:
    """The digits of one picture before they are read: the picture, mode "L", and each digit's ink, uint8 (H, W)."""

    picture: Image.Image
    digits: Sequence[np.ndarray]
    kind: Kind
    name: str = "the drawing"

    def with_small_picture(self) -> Ink:
        """Return the ink with its picture downscaled to at most `PICTURE_SIDE` pixels."""
        if max(self.picture.size) <= PICTURE_SIDE:
            return self
        picture = self.picture.copy()
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        return replace(self, picture=picture)


@dataclass(frozen=True)
class Reading:
    """The answers of a run for the digits of an ink, in reading order.

    `run` is the title of the run; `refused` has the positions that do not seem to be digits.
    """

    ink: Ink
    answers: tuple[Answer, ...]
    run: str
    refused: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        return "".join(str(answer.digit) for answer in self.answers)

    @property
    def marked_text(self) -> str:
        """The text, with a question mark after each answer that does not seem to be a digit."""
        return "".join(f"{each}{'?' * (place in self.refused)}" for place, each in enumerate(self.text))

    @property
    def probabilities(self) -> np.ndarray:
        """Float32 (n, 10)."""
        return np.stack([answer.probabilities for answer in self.answers])

    @property
    def seen(self) -> np.ndarray:
        """The inputs of the network, uint8 (n, S, S)."""
        return np.stack([answer.seen for answer in self.answers])

    @property
    def least_sure(self) -> int:
        """The position of the digit whose answer has the lowest probability."""
        return int(np.argmin([answer.probability for answer in self.answers]))

    @property
    def size(self) -> int:
        """The size in the session, in bytes."""
        return self.size_of_digits + self.ink.picture.width * self.ink.picture.height

    @property
    def size_of_digits(self) -> int:
        """The size without the picture, which the readings of several boxes share, in bytes."""
        digits = self.ink.digits
        inks = digits.size if isinstance(digits, PackedArrays) else sum(each.nbytes for each in digits)
        return inks + 3000 * len(self.answers)

    def packed(self) -> Reading:
        """Return the reading in a compact form: its picture downscaled, the ink of its digits compressed."""
        ink = self.ink.with_small_picture()
        return replace(self, ink=replace(ink, digits=PackedArrays(ink.digits)))

    def only(self, place: int) -> Reading:
        """Return a reading of the digit at one position only."""
        ink = replace(self.ink, digits=(self.ink.digits[place],))
        return Reading(ink, (self.answers[place],), self.run, frozenset({0} if place in self.refused else ()))


def thumbnail(picture: Image.Image) -> np.ndarray:
    """Return a picture in the middle of a square, uint8 (THUMBNAIL, THUMBNAIL), with its own paper around it."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    square = Image.new("L", (THUMBNAIL, THUMBNAIL), int(np.median(np.asarray(small))))
    square.paste(small, ((THUMBNAIL - small.width) // 2, (THUMBNAIL - small.height) // 2))
    return np.asarray(square)


def digit_on(picture: Image.Image) -> Ink:
    """Return the ink of a drawing of one digit; raises `PictureError` if there is none."""
    from digits_core.recognition.sample import drawn

    return Ink(picture, (drawn(picture),), "canvas")


def number_on(picture: Image.Image) -> Ink:
    """Return the ink of several digits drawn side by side, each cut out; raises `PictureError` if there is none."""
    from digits_core.recognition.prepare import cut_out, to_ink
    from digits_core.recognition.segment import find_digits, ink_in

    ink = to_ink(picture, "the drawing")
    digits = tuple(cut_out(own) for own in ink_in(ink, find_digits(ink)))
    return Ink(picture, digits, "canvas")


def read(ink: Ink, recogniser: Recogniser, run: str, refusal: Refusal | None = None) -> Reading:
    """Return the reading of all digits in one batch; without a `refusal`, every answer counts as a digit."""
    return judged(Reading(ink, tuple(recogniser.read_all(list(ink.digits))), run), refusal)


def judged(reading: Reading, refusal: Refusal | None) -> Reading:
    """Return the reading with its refused answers marked; without a `refusal`, every answer counts as a digit."""
    refused = {place for place, answer in enumerate(reading.answers) if refusal and not refusal.accepts(answer)}
    return replace(reading, refused=frozenset(refused))


def runner_up(probabilities: np.ndarray) -> tuple[int, float]:
    """Return the second most likely digit and its probability, of float (10,)."""
    second = int(np.argsort(probabilities)[-2])
    return second, float(probabilities[second])


def between(answer: Answer) -> str:
    """Describe the two digits that an undecided answer lies between."""
    other, _ = runner_up(answer.probabilities)
    return f"hardly more like {article(answer.digit)} {answer.digit} than like {article(other)} {other}"


def how_sure(probability: float) -> str:
    """Format a probability in words that begin a sentence."""
    return next(words for least, words in SURE if probability >= least)


def in_words(answer: Answer) -> str:
    """Format the confidence and the runner-up: `98.2% sure · else a 1 (1.1%)`."""
    other, chance = runner_up(answer.probabilities)
    return f"{answer.probability:.1%} sure · else {article(other)} {other} ({chance:.1%})"


def verdict(threshold: Threshold, refused: int, text: str = "", unusual: str = "", undecided: str = "") -> str:
    """Say whether the digits read as `text` seem to be digits at all, if that is known.

    Args:
        refused: The number of digits that are too unlike the training images.
        unusual: For a single digit, its measured unusual properties, as in "thin, off centre".
        undecided: For a single digit that lies between two, the description by `between`.
    """
    count = len(text)
    what = "this is a digit" if count < 2 else "these are digits"
    if refused and threshold.refusal:
        if count > 1:
            return f"{refused} of these {count} digits {'is' if refused == 1 else 'are'} {UNLIKE}."
        if undecided:
            return f"**{text}** – but {undecided}"
        return f"**{text}** – but {UNLIKE} ({unusual or 'in its shape: stroke, size, place and slant are usual'})"
    if threshold.pending:
        return f"Whether {what} at all is still being worked out …"
    if threshold.refusal is None:
        return f"Whether {what} at all cannot be told. {threshold.problem}".rstrip()
    return f"Close enough to the training images: {what}."


def rates(refusal: Refusal) -> str:
    """Describe the measured rates at which this refusal is right and wrong."""
    others = ", ".join(f"{kind} {share:.0%}" for kind, share in refusal.refused_others.items())
    wrongly, count = refusal.refused_digits, refusal.counts["digits"]
    return f"This run refuses {wrongly:.1%} of {count:,} test digits wrongly, and rightly {others}."


def article(digit: int) -> str:
    return "an" if digit == 8 else "a"
