"""What a network read: a drawing or a picture with an answer for each digit, and the words for that. Knows no widgets.

Importing it loads no torch: recognition is imported where something is read.
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
"""Of a picture that is kept with what was read on it: as large as the one that handwriting keeps."""
THUMBNAIL = 96
"""Pixels of the side of the square in which a picture is shown among others."""
UNLIKE = "unlike what this network learnt"
"""Said of an answer that is refused: no training image is near enough to it."""
SURE = ((0.99, "Almost certainly"), (0.9, "Very likely"), (0.6, "Probably"), (0.0, "Unsure, perhaps"))
"""From which probability on an answer is said how: the words begin a sentence."""


@dataclass(frozen=True)
class Ink:
    """The digits of one picture before they are read: the picture, mode "L", and each digit's ink, uint8 (H, W)."""

    picture: Image.Image
    digits: Sequence[np.ndarray]
    kind: Kind
    name: str = "the drawing"

    def with_small_picture(self) -> Ink:
        """Return the same, its picture no larger than it is looked at."""
        if max(self.picture.size) <= PICTURE_SIDE:
            return self
        picture = self.picture.copy()
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        return replace(self, picture=picture)


@dataclass(frozen=True)
class Reading:
    """What one network made of them, in reading order; `run` is its title, `refused` the places that are no digits."""

    ink: Ink
    answers: tuple[Answer, ...]
    run: str
    refused: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        return "".join(str(answer.digit) for answer in self.answers)

    @property
    def marked_text(self) -> str:
        """The same, with a question mark after each that is no digit, as it seems."""
        return "".join(f"{each}{'?' * (place in self.refused)}" for place, each in enumerate(self.text))

    @property
    def probabilities(self) -> np.ndarray:
        """Float32 (n, 10)."""
        return np.stack([answer.probabilities for answer in self.answers])

    @property
    def seen(self) -> np.ndarray:
        """What the network saw, uint8 (n, S, S)."""
        return np.stack([answer.seen for answer in self.answers])

    @property
    def least_sure(self) -> int:
        """The place of the digit whose answer has the lowest probability."""
        return int(np.argmin([answer.probability for answer in self.answers]))

    @property
    def size(self) -> int:
        """How many bytes it takes in the session."""
        return self.size_of_digits + self.ink.picture.width * self.ink.picture.height

    @property
    def size_of_digits(self) -> int:
        """The same without the picture, which the readings of several boxes share."""
        digits = self.ink.digits
        inks = digits.size if isinstance(digits, PackedArrays) else sum(each.nbytes for each in digits)
        return inks + 3000 * len(self.answers)

    def packed(self) -> Reading:
        """Return the same, small enough to store: its picture made smaller, the ink of its digits compressed."""
        ink = self.ink.with_small_picture()
        return replace(self, ink=replace(ink, digits=PackedArrays(ink.digits)))

    def only(self, place: int) -> Reading:
        """Return one digit of it."""
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
    """Ask a network, once for all digits; without a `refusal` everything passes for a digit."""
    return judged(Reading(ink, tuple(recogniser.read_all(list(ink.digits))), run), refusal)


def judged(reading: Reading, refusal: Refusal | None) -> Reading:
    """Return the reading with what this `refusal` refuses of it; without one, everything passes for a digit."""
    refused = {place for place, answer in enumerate(reading.answers) if refusal and not refusal.accepts(answer)}
    return replace(reading, refused=frozenset(refused))


def runner_up(probabilities: np.ndarray) -> tuple[int, float]:
    """Return the second most likely digit and its probability, of float (10,)."""
    second = int(np.argsort(probabilities)[-2])
    return second, float(probabilities[second])


def between(answer: Answer) -> str:
    """Say of an answer that lies between two digits which these are."""
    other, _ = runner_up(answer.probabilities)
    return f"hardly more like {article(answer.digit)} {answer.digit} than like {article(other)} {other}"


def how_sure(probability: float) -> str:
    """Format a probability in words that begin a sentence."""
    return next(words for least, words in SURE if probability >= least)


def in_words(answer: Answer) -> str:
    """Say how sure it is, and of what else it might be: `98.2% sure · else a 1 (1.1%)`."""
    other, chance = runner_up(answer.probabilities)
    return f"{answer.probability:.1%} sure · else {article(other)} {other} ({chance:.1%})"


def verdict(threshold: Threshold, refused: int, text: str = "", unusual: str = "", undecided: str = "") -> str:
    """Say in words whether the digits that were read as `text` are digits at all, as far as that is known.

    Args:
        refused: How many of them are too unlike the training images.
        unusual: For a single digit, what was measured to be unusual about it, as in "thin, off centre".
        undecided: For a single digit that lies between two, what `between` says of it.
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
    """Say how often this refusal is right and wrong, as measured."""
    others = ", ".join(f"{kind} {share:.0%}" for kind, share in refusal.refused_others.items())
    wrongly, count = refusal.refused_digits, refusal.counts["digits"]
    return f"This run refuses {wrongly:.1%} of {count:,} test digits wrongly, and rightly {others}."


def article(digit: int) -> str:
    return "an" if digit == 8 else "a"
